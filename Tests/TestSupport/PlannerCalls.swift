internal import EventLoop
package import JSON

/// The calls that system tests make most, over the socket.
extension TestClient {
  /// What a wait of a test for the daemon did not see.
  package struct Unexpected: Error {
    package let what: String
    package let answer: JSON
  }

  /// The position and the outcomes.
  package func submit(_ commands: [JSON], atomic: Bool = false, dryRun: Bool = false)
    async throws(TestClientError) -> (position: Int, outcomes: [JSON])
  {
    var parameters: JSONObject = ["commands": .array(commands)]
    if atomic { parameters["atomic"] = true }
    if dryRun { parameters["dryRun"] = true }
    let answer = try await call("org.plannerd.planner.Submit", .object(parameters))
    return (answer["position"]?.int ?? -1, answer["outcomes"]?.array ?? [])
  }

  /// All rows of a view, page by page, as of a position at least.
  package func rows(
    _ view: String, _ parameters: JSONObject = [:], atLeast: Int = 0, limit: Int? = nil
  ) async throws(TestClientError) -> [JSON] {
    var parameters = parameters
    parameters["atLeast"] = .int(atLeast)
    if let limit { parameters["limit"] = .int(limit) }
    var rows: [JSON] = []
    while true {
      let answer = try await call("org.plannerd.views.\(view)", .object(parameters))
      rows += answer["rows"]?.array ?? []
      guard let next = answer["nextCursor"] else { return rows }
      parameters["cursor"] = next
    }
  }

  /// All entries of the audit that a question finds, page by page.
  package func audit(_ question: JSONObject = [:], limit: Int = 500)
    async throws(TestClientError) -> [JSON]
  {
    var question = question
    question["limit"] = .int(limit)
    var entries: [JSON] = []
    while true {
      let answer = try await call("org.plannerd.planner.Audit", .object(question))
      entries += answer["entries"]?.array ?? []
      guard let next = answer["nextCursor"] else { return entries }
      question["cursor"] = next
    }
  }

  package func health() async throws(TestClientError) -> JSON {
    try await call("org.plannerd.control.Health")
  }

  package func verifyLog() async throws(TestClientError) -> JSON {
    try await call("org.plannerd.control.VerifyLog")
  }

  /// Begins to follow the caller's events after a position; the replies are read with `events`.
  package func subscribe(after position: Int) {
    send([
      "method": "org.plannerd.planner.Subscribe", "more": true,
      "parameters": ["after": .int(position)],
    ])
  }

  /// The caller's events from a position to another one, on a connection of their own.
  package func events(after: Int = 0, upTo last: Int) async throws(TestClientError) -> [JSON] {
    var events: [JSON] = []
    subscribe(after: after)
    while (events.last?["position"]?.int ?? after) < last {
      events += try await reply()["events"]?.array ?? []
    }
    close()
    return events
  }

  /// Compares all projections with fresh folds of the log: the last state of each job.
  package func verifyViews() async throws -> [JSON] {
    let ids = try await call("org.plannerd.control.Verify")["jobIds"]?.array ?? []
    guard !ids.isEmpty else { throw Unexpected(what: "no projections", answer: .null) }
    var jobs: [JSON] = []
    for id in ids { jobs.append(try await end(ofJob: id)) }
    return jobs
  }

  /// Waits for the end of a job.
  package func end(ofJob id: JSON) async throws(TestClientError) -> JSON {
    send([
      "method": "org.plannerd.control.Watch", "more": true, "parameters": ["jobId": id],
    ])
    while true {
      let message = try await message()
      if let error = message["error"]?.string { throw .reply(error, message["parameters"] ?? [:]) }
      guard message["continues"]?.bool == true else { return message["parameters"]?["job"] ?? [:] }
    }
  }
}
