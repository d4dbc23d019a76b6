import JSON
import Testing
import Varlink

struct CallMessageTests {
  private func read(_ text: String) throws(CallMessage.Malformed) -> CallMessage {
    try CallMessage(Array(text.utf8).span)
  }

  @Test func `reads all that a call may say`() throws {
    let call = try read(#"{"method":"a.b.C","parameters":{"x":1},"more":true,"oneway":false}"#)
    #expect(call.method == "a.b.C")
    #expect(call.parameters == ["x": 1])
    #expect(call.more && !call.oneway && !call.upgrade)
    #expect(call.unstorable == nil)
  }

  @Test func `ignores members that it does not know`() throws {
    #expect(try read(#"{"extension":[1],"method":"a.b.C"}"#).method == "a.b.C")
  }

  @Test(
    arguments: [
      ("[]", .notAnObject), (#""a""#, .notAnObject), ("null", .notAnObject), ("1", .notAnObject),
      ("{}", .noMethod), (#"{"parameters":{}}"#, .noMethod),
      (#"{"method":1}"#, .methodNotAString), (#"{"method":null}"#, .methodNotAString),
      (#"{"method":"a","more":1}"#, .flagNotABool("more")),
      (#"{"method":"a","oneway":"true"}"#, .flagNotABool("oneway")),
      (#"{"method":"a","upgrade":{}}"#, .flagNotABool("upgrade")),
      (#"{"method":"a","more":true,"oneway":true}"#, .contradictingFlags),
      (#"{"method":"a","more":true,"upgrade":true}"#, .contradictingFlags),
      (#"{"method":"a","oneway":true,"upgrade":true}"#, .contradictingFlags),
      (#"{"method":"a","parameters":[]}"#, .parametersNotAnObject),
      (#"{"method":"a","parameters":"{}"}"#, .parametersNotAnObject),
    ] as [(String, CallMessage.Malformed)])
  func `what is no call is told apart`(text: String, reason: CallMessage.Malformed) {
    #expect(throws: reason) { try read(text) }
  }

  @Test(arguments: ["", " ", "{", #"{"method":"a"}}"#, #"{"method":"a","method":"b"}"#, "{'a':1}"])
  func `what is no JSON is told apart`(text: String) {
    let error = #expect(throws: CallMessage.Malformed.self) { try read(text) }
    guard case .notJSON = error else {
      Issue.record("\(text): \(String(describing: error))")
      return
    }
  }

  @Test(arguments: [
    (#"{"method":"a","parameters":{"x":[{"y":"\u0000"}]}}"#, "x[0].y"),
    (#"{"method":"a","parameters":{"x":"\ud800"}}"#, "x"),
    (#"{"method":"a","parameters":{"x":1e999}}"#, "x"),
    (#"{"method":"\u0000"}"#, "method"),
    (#"{"method":"a","other":"\u0000"}"#, "other"),
  ])
  func `what cannot be stored is named by its path`(text: String, path: String) throws {
    #expect(try read(text).unstorable == path)
  }
}
