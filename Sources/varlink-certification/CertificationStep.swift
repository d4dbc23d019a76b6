import JSON

/// One call of the certification: what it must bring, what it is answered, and what comes next.
struct CertificationStep {
  /// The parameters but for `client_id`.
  let parameters: JSONObject
  /// The flag that it must be called with, if any.
  let flag: String?
  let reply: JSON
  let next: String

  init(_ parameters: JSONObject = [:], flag: String? = nil, reply: JSON, next: String) {
    self.parameters = parameters
    self.flag = flag
    self.reply = reply
    self.next = next
  }

  /// The whole message that a client must have sent.
  func wants(_ method: String, client: String) -> JSON {
    var given: JSONObject = ["client_id": .string(client)]
    for member in parameters.members { given[member.name] = member.value }
    var message: JSONObject = [
      "method": .string("\(CertificationInterface.name).\(method)"), "parameters": .object(given),
    ]
    if let flag { message[flag] = true }
    return .object(message)
  }

  /// By method. What one replies is what the next must bring.
  static let all: [String: CertificationStep] = [
    "Test01": CertificationStep(reply: ["bool": true], next: "Test02"),
    "Test02": CertificationStep(["bool": true], reply: ["int": 1], next: "Test03"),
    "Test03": CertificationStep(["int": 1], reply: ["float": 1.0], next: "Test04"),
    "Test04": CertificationStep(["float": 1.0], reply: ["string": "ping"], next: "Test05"),
    "Test05": CertificationStep(["string": "ping"], reply: .object(four), next: "Test06"),
    "Test06": CertificationStep(four, reply: ["struct": .object(four)], next: "Test07"),
    "Test07": CertificationStep(
      ["struct": .object(four)], reply: ["map": fooBar], next: "Test08"),
    "Test08": CertificationStep(["map": fooBar], reply: ["set": set], next: "Test09"),
    "Test09": CertificationStep(["set": set], reply: ["mytype": myType], next: "Test10"),
    "Test10": CertificationStep(["mytype": myType], flag: "more", reply: [:], next: "Test11"),
    "Test11": CertificationStep(
      ["last_more_replies": .array((1...10).map { .string("Reply number \($0)") })],
      flag: "oneway", reply: [:], next: "End"),
    "End": CertificationStep(reply: ["all_ok": true], next: "Start"),
  ]

  private static let four: JSONObject = [
    "bool": false, "int": 2, "float": .double(.pi), "string": "a lot of string",
  ]
  private static let fooBar: JSON = ["foo": "Foo", "bar": "Bar"]
  private static let set: JSON = ["one": [:], "two": [:], "three": [:]]

  private static let myType: JSON = [
    "object": [
      "method": "org.varlink.certification.Test09", "parameters": ["map": fooBar],
    ],
    "enum": "two",
    "struct": ["first": 1, "second": "2"],
    "array": ["one", "two", "three"],
    "dictionary": fooBar,
    "stringset": set,
    "nullable": nil,
    "nullable_array_struct": nil,
    "interface": [
      "foo": [nil, ["foo": "foo", "bar": "bar"], nil, ["one": "foo", "two": "bar"]],
      "anon": ["foo": true, "bar": false],
    ],
  ]
}
