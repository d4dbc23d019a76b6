import JSON
import Scalars

/// What a command that lists a view shows of it.
enum Showing {
  case rows
  /// How the rows differ between moments: what the method Changes is given besides the view.
  case changes(JSONObject)
}

/// A view's answer, as a command shows it.
struct Listing {
  /// Which pages of it.
  enum Pages { case one, asked, all }

  let method: String
  let parameters: JSONObject
  var pages = Pages.one
  /// Said where there are no rows.
  let empty: String
  /// The rows as lines for a terminal.
  let lines: ([JSON], Terminal) throws(Failure) -> [String]

  init(
    _ method: String, _ parameters: JSONObject = [:], pages: Pages = .one, empty: String,
    lines: @escaping ([JSON], Terminal) throws(Failure) -> [String]
  ) {
    self.method = method
    self.parameters = parameters
    self.pages = pages
    self.empty = empty
    self.lines = lines
  }

  /// One that is a table, made from the rows and the length at which their ids differ.
  init(
    _ method: String, _ parameters: JSONObject = [:], pages: Pages = .one, empty: String,
    table: @escaping ([JSON], Int) throws(Failure) -> Table
  ) {
    self.init(method, parameters, pages: pages, empty: empty) {
      (rows, terminal) throws(Failure) in
      try table(rows, Listing.idLength(rows)).lines(terminal.style, width: terminal.width)
    }
  }

  static let options: [OptionSpec] = [
    OptionSpec("at", .moment, "As it was at this moment"),
    OptionSpec("live", "Again whenever it changes, until Ctrl-C"),
  ]

  func text(_ rows: [JSON], _ terminal: Terminal) throws(Failure) -> [String] {
    rows.isEmpty ? [empty] : try lines(rows, terminal)
  }

  private static func idLength(_ rows: [JSON]) -> Int {
    ShortID.length(
      rows.compactMap { ($0["taskId"] ?? $0["themeId"] ?? $0["pillarId"] ?? $0["id"])?.string })
  }
}

extension Invocation {
  /// Shows a view in the way that was asked for.
  func show(_ listing: Listing) throws(Failure) {
    if case .changes(let moments) = showing {
      return try ViewChanges(self, listing, moments).show()
    }
    guard arguments.has("live") else { return try Paging.show(self, listing) }
    for option in ["at", "all", "cursor"] { try exclusive(["live", option]) }
    try showLive(listing)
  }

  private func showLive(_ listing: Listing) throws(Failure) {
    var screen = LiveScreen(terminal)
    var last: JSON?
    var failure: Failure?
    let parameters = Paging.parameters(self, listing)
    try session.live(listing.method, parameters) { reply in
      // After a restart of the daemon the first answer may be the one that is there.
      guard let rows = reply["rows"], rows != last else { return true }
      last = rows
      do throws(Failure) {
        try show(reply, listing, &screen)
      } catch {
        failure = error
      }
      return failure == nil
    }
    if let failure { throw failure }
  }

  private func show(
    _ reply: JSON, _ listing: Listing, _ screen: inout LiveScreen
  ) throws(Failure) {
    if session.options.json {
      terminal.print(reply.text)
      return terminal.flush()
    }
    let lines = try listing.text(reply["rows"]?.array ?? [], terminal)
    let time = session.clock.local.clock(now())
    screen.show(lines, footer: "\(time)  position \(reply["position"]?.int ?? 0)  Ctrl-C ends")
  }
}
