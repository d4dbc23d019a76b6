import EventLoop
import JSON
import Varlink

/// `org.varlink.certification`: clients feed each answer into the next call, and any difference between what
/// was sent and what should have been is a `CertificationError`.
@EventLoop
final class CertificationService: VarlinkInterface {
  let definition: InterfaceDefinition
  /// The method that each client must call next.
  private var expected: [String: String] = [:]
  /// In the order of their starts, so that those who never come back are forgotten.
  private var clients: [String] = []

  private static let maxClients = 1_000

  static let server: VarlinkServer = {
    let identity = ServiceIdentity(
      vendor: "plannerd", product: "Varlink certification", version: "1",
      url: "https://varlink.org")
    let server = VarlinkServer(identity: identity)
    server.register(CertificationService())
    return server
  }()

  init() {
    do {
      definition = try InterfaceDefinition(CertificationInterface.definition)
    } catch {
      preconditionFailure("\(CertificationInterface.name): \(error)")
    }
  }

  func handle(_ call: Call) async {
    if call.method == "Start" { return start(call) }
    guard let step = CertificationStep.all[call.method] else { return }
    guard let client = advance(call, to: step.next) else { return }
    let wants = step.wants(call.method, client: client)
    guard isSame(message(of: call), wants) else {
      expected[client] = nil
      return fail(call, wants: wants)
    }
    if call.method == "End" { expected[client] = nil }
    await answer(call, step)
  }

  private func start(_ call: Call) {
    let client = String(UInt64.random(in: .min ... .max), radix: 16)
    expected[client] = "Test01"
    clients.append(client)
    if clients.count > Self.maxClients { expected[clients.removeFirst()] = nil }
    call.reply(["client_id": .string(client)])
  }

  private func answer(_ call: Call, _ step: CertificationStep) async {
    guard call.wantsMore else { return call.reply(step.reply) }
    for number in 1...9 {
      guard await call.send(["string": .string("Reply number \(number)")]) else { return }
    }
    call.reply(["string": "Reply number 10"])
  }

  /// The client of a call that is the one expected of it; else the call is answered with an error.
  private func advance(_ call: Call, to next: String) -> String? {
    let client = call.parameters["client_id"]?.string ?? ""
    guard let method = expected[client], method == call.method else {
      let name = "\(CertificationInterface.name).\(expected[client] ?? "Start")"
      fail(call, wants: ["method": .string(name)])
      return nil
    }
    expected[client] = next
    return client
  }

  private func fail(_ call: Call, wants: JSON) {
    call.fail(
      "\(CertificationInterface.name).CertificationError",
      ["wants": wants, "got": message(of: call)])
  }

  private func message(of call: Call) -> JSON {
    var message: JSONObject = [
      "method": .string("\(CertificationInterface.name).\(call.method)"),
      "parameters": .object(call.parameters),
    ]
    if call.wantsMore { message["more"] = true }
    if call.isOneway { message["oneway"] = true }
    return .object(message)
  }
}

/// Whether two values mean the same: 1 is 1.0, null is absent, and members have no order.
private func isSame(_ left: JSON, _ right: JSON) -> Bool {
  switch (left, right) {
  case (.int, .double), (.double, .int): return left.number == right.number
  case (.array(let left), .array(let right)):
    return left.count == right.count && zip(left, right).allSatisfy(isSame)
  case (.object(let left), .object(let right)):
    let names = Set(left.members.map(\.name) + right.members.map(\.name))
    return names.allSatisfy { isSame(left[$0] ?? .null, right[$0] ?? .null) }
  default: return left == right
  }
}
