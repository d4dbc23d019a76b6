package import EventLoop

/// Replies that were given before and are true still, found by the bytes of a call.
@EventLoop
package protocol KeptReplies: AnyObject {
  /// Appends the parameters of the reply to a frame, as the text of their object, if they are known; else nothing, and
  /// false. The peer may be told only what it may see; the watermark is its connection's (see `Call.watermark`).
  func write(
    replyTo frame: Span<UInt8>, of peer: Peer, watermark: Int, to out: inout [UInt8]
  ) -> Bool
}
