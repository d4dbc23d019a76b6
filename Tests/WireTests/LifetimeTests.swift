import EventLoop
import Glibc
import JSON
import Testing
import Varlink

/// How sockets and connections begin and end.
@EventLoop
struct LifetimeTests {
  @Test func `the peer is who the kernel says`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call("test.echo.Raw")
      _ = await peer.reply()
      #expect(test.echo.peers == [Peer(pid: getpid(), uid: getuid(), gid: getgid())])
      peer.close()
    }
  }

  @Test func `a client that has ended its output still gets its replies`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      for text in ["1", "2"] { await peer.call("test.echo.EchoLater", ["text": .string(text)]) }
      await peer.call("test.echo.Large", ["bytes": 1_000_000])
      peer.endOutput()
      for text in ["1", "2"] {
        #expect(await peer.reply() == ["parameters": ["text": .string(text)]])
      }
      #expect(await peer.frame()?.count ?? 0 > 1_000_000)
      #expect(await peer.isClosed())
      #expect(test.server.connectionCount == 0)
      peer.close()
    }
  }

  @Test func `a half frame at the end of the input is dropped`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call("test.echo.Echo", ["text": "whole"])
      await peer.send(Array(#"{"method":"#.utf8))
      peer.endOutput()
      #expect(await peer.reply() == ["parameters": ["text": "whole"]])
      #expect(await peer.isClosed())
      peer.close()
    }
  }

  @Test func `a call is told that its peer has left`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call("test.echo.Wait", ["text": "x"])
      await peer.call("test.echo.Wait", ["text": "y"])
      let other = try test.peer()
      await other.call("test.echo.Echo", ["text": "x"])
      _ = await other.reply()
      peer.close()
      await test.echo.firstHangUp.wait()
      await other.call("test.echo.Echo", ["text": "x"])
      _ = await other.reply()
      #expect(test.echo.hangUps == 2)
      #expect(test.server.connectionCount == 1)
      other.close()
    }
  }

  @Test func `the socket has the mode that was asked for and its lock none but the owner's`()
    async throws
  {
    try await withServer { test in
      func mode(_ path: String) -> UInt32 {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
      }
      #expect(mode(test.path) == 0o660)
      #expect(mode(test.path + ".lock") == 0o600)
      try test.server.listen(path: test.folder + "/t", mode: 0o606, group: getgid())
      #expect(mode(test.folder + "/t") == 0o606)
      unlink(test.folder + "/t.lock")
    }
  }

  @Test func `a path in use is an error and the socket stays`() async throws {
    try await withServer { test in
      let error = #expect(throws: ListenError.self) { try test.server.listen(path: test.path) }
      #expect("\(error!)".contains("in use"))
      let peer = try test.peer()
      await peer.call("test.echo.Echo", ["text": "x"])
      #expect(await peer.reply() != nil)
      peer.close()
    }
  }

  @Test func `a stale socket is replaced`() async throws {
    try await withServer { test in
      let path = test.folder + "/stale"
      // Bound and closed without being removed, as by a process that was killed.
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      #expect(bound == 0)
      close(descriptor)
      try test.server.listen(path: path)
      let peer = try TestPeer(path)
      await peer.call("test.echo.Echo", ["text": "x"])
      #expect(await peer.reply() != nil)
      peer.close()
      unlink(path + ".lock")
    }
  }

  @Test func `what is not a socket is left alone`() async throws {
    try await withServer { test in
      let path = test.folder + "/file"
      close(open(path, O_CREAT | O_WRONLY, 0o600))
      let error = #expect(throws: ListenError.self) { try test.server.listen(path: path) }
      #expect("\(error!)".contains("not a socket"))
      #expect(access(path, F_OK) == 0)
      unlink(path)
      unlink(path + ".lock")
    }
  }

  @Test func `a path has at most 107 bytes`() async throws {
    try await withServer { test in
      let longest = test.folder + "/" + String(repeating: "x", count: 106 - test.folder.utf8.count)
      let error = #expect(throws: ListenError.self) { try test.server.listen(path: longest + "x") }
      #expect("\(error!)".contains("108 bytes, and at most 107"))
      try test.server.listen(path: longest)
      let peer = try TestPeer(longest)
      await peer.call("test.echo.Echo", ["text": "x"])
      #expect(await peer.reply() != nil)
      peer.close()
      unlink(longest + ".lock")
    }
  }

  @Test func `stopping answers the calls that run and takes on no more`() async throws {
    let test = try TestServer()
    let peer = try test.peer()
    await peer.call("test.echo.Wait", ["text": "running"])
    let other = try test.peer()
    await other.call("test.echo.Echo", ["text": "x"])
    _ = await other.reply()
    let stopped = Task { @EventLoop in await test.stop() }
    #expect(await other.isClosed())
    #expect(throws: SystemError.self) { try test.peer() }
    await peer.call("test.echo.Echo", ["text": "too late"])
    test.echo.gate.fire()
    #expect(await peer.reply() == ["parameters": ["text": "running"]])
    #expect(await peer.isClosed())
    await stopped.value
    #expect(test.echo.started == ["running", "x"])
    peer.close()
    other.close()
  }

  @Test func `stopping ends streams at once and others in a bounded time`() async throws {
    let test = try TestServer { $0.stopTime = .milliseconds(30) }
    let waiting = try test.peer()
    await waiting.call(["method": "test.echo.EchoLater", "parameters": ["text": "x"]])
    _ = await waiting.reply()
    let streaming = try test.peer()
    await streaming.call([
      "method": "test.echo.Stream", "more": true,
      "parameters": ["count": 1_000_000, "bytes": 10_000],
    ])
    _ = await streaming.reply()
    await waiting.call("test.echo.Wait", ["text": "for ever"])
    await waiting.call("test.echo.Wait", ["text": "for ever"])
    await test.stop()
    await test.echo.streamEnded.wait()
    while await streaming.reply() != nil {}
    #expect(await waiting.isClosed())
    waiting.close()
    streaming.close()
  }
}
