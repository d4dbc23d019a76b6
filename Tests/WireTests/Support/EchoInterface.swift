import EventLoop
import JSON
import Varlink

/// An interface with a method for each thing that a server must bear with.
@EventLoop
final class EchoInterface: VarlinkInterface {
  let definition: InterfaceDefinition
  var uncheckedTypes: Set<String> = ["Free"]

  /// The texts that came in, in the order in which their calls started.
  private(set) var started: [String] = []
  /// Fired by the test for those who called Wait.
  let gate = Signal()
  /// Calls of Wait and Stream that were told that their peer has gone.
  private(set) var hangUps = 0
  let firstHangUp = Signal()
  /// Partial replies that Stream has handed over.
  private(set) var streamed = 0
  let streamEnded = Signal()
  private(set) var peers: [Peer] = []

  static let text = """
    interface test.echo
    type Item (name: string, level: (low, high), note: ?string)
    type Free (anything: int)
    method Echo(text: string) -> (text: string)
    method EchoLater(text: string) -> (text: string)
    method Items(items: []Item, labels: ?[string]int, free: ?Free, share: ?float) -> (count: int)
    method Wait(text: string) -> (text: string)
    method Stream(count: int, bytes: int) -> (number: int, padding: string)
    method Large(bytes: int) -> (padding: string)
    method Raw() -> (rows: []int)
    method Fail() -> ()
    method Nothing() -> ()
    error Refused (why: string)
    """

  init(_ text: String = EchoInterface.text) throws(InterfaceSyntaxError) {
    definition = try InterfaceDefinition(text)
  }

  func handleAtOnce(_ call: Call) -> Bool {
    guard call.method == "Echo" else { return false }
    started.append(call.parameters["text"]?.string ?? "")
    call.reply(["text": call.parameters["text"] ?? nil])
    return true
  }

  func handle(_ call: Call) async {
    let text = call.parameters["text"]?.string ?? ""
    started.append(text)
    peers.append(call.peer)
    switch call.method {
    case "EchoLater":
      await EventLoop.yield()
      call.reply(["text": .string(text)])
    case "Items": call.reply(["count": .int(call.parameters["items"]?.array?.count ?? 0)])
    case "Wait":
      note(call)
      await gate.wait()
      call.reply(["text": .string(text)])
    case "Stream": await stream(call)
    case "Large": call.reply(["padding": .string(padding(call))])
    case "Raw": call.reply(parametersJSON: Array(#"{"rows":[1, 2]}"#.utf8))
    case "Fail": call.fail("test.echo.Refused", ["why": "because"])
    default: break
    }
  }

  private func stream(_ call: Call) async {
    note(call)
    let count = call.parameters["count"]?.int ?? 0
    let padding = JSON.string(padding(call))
    for number in 1..<count {
      guard await call.send(["number": .int(number), "padding": padding]) else { break }
      streamed += 1
    }
    if !call.isOver { call.reply(["number": .int(count), "padding": padding]) }
    streamEnded.fire()
  }

  private func note(_ call: Call) {
    call.onHangUp { [self] in
      hangUps += 1
      firstHangUp.fire()
      gate.fire()
    }
  }

  private func padding(_ call: Call) -> String {
    String(repeating: "x", count: call.parameters["bytes"]?.int ?? 0)
  }
}
