import Testing

@testable import planner

@Suite struct ClientArgumentTests {
  private func parse(_ line: String...) throws(Failure) -> Request {
    try ArgumentParser(commands: CommandTable.commands).parse(line)
  }

  private func arguments(_ line: [String]) throws(Failure) -> (String, ParsedArguments) {
    guard
      case .run(let command, let parsed) = try ArgumentParser(commands: CommandTable.commands)
        .parse(line)
    else { preconditionFailure("no command") }
    return (command.name, parsed)
  }

  private func refusal(_ line: String...) -> Failure? {
    do throws(Failure) {
      _ = try ArgumentParser(commands: CommandTable.commands).parse(line)
      return nil
    } catch {
      return error
    }
  }

  @Test func `reads a command of two words with its values`() throws {
    let (name, parsed) = try arguments(["theme", "rate", "Sleep", "70", "--note", "fine"])
    #expect(name == "theme rate")
    #expect(parsed["THEME"] == "Sleep")
    #expect(parsed.integer("PERCENT") == 70)
    #expect(parsed["note"] == "fine")
  }

  @Test func `takes global options anywhere`() throws {
    for line in [
      ["--json", "--socket", "/s", "theme", "add", "x"],
      ["theme", "--json", "add", "--socket=/s", "x"],
      ["theme", "add", "x", "--socket", "/s", "--json"],
    ] {
      let (name, parsed) = try arguments(line)
      let options = GlobalOptions(parsed)
      #expect(name == "theme add")
      #expect(options.json)
      #expect(options.socket == "/s")
    }
  }

  @Test func `collects what repeats and refuses what does not`() throws {
    let (_, parsed) = try arguments(["task", "add", "x", "--tag", "a", "--tag=b"])
    #expect(parsed.all("tag") == ["a", "b"])
    #expect(refusal("task", "add", "x", "--due", "1d", "--due", "2d")?.code == .usage)
    let (_, several) = try arguments(["task", "done", "a", "b", "c"])
    #expect(several.all("TASK") == ["a", "b", "c"])
  }

  @Test func `takes a value that begins with a dash`() throws {
    let (_, parsed) = try arguments(["audit", "--since", "-3d"])
    #expect(parsed["since"] == "-3d")
    #expect(try arguments(["task", "snooze", "x", "-3d"]).1["UNTIL"] == "-3d")
  }

  @Test func `takes everything after two dashes as it is`() throws {
    let (_, parsed) = try arguments(["task", "add", "--", "--title--"])
    #expect(parsed["TITLE"] == "--title--")
  }

  @Test(arguments: [
    (["theme", "rat", "x"], "did you mean “rate”"),
    (["task", "add", "x", "--prioity", "3"], "did you mean “--priority”"),
    (["task", "add", "x", "--priority", "9"], "from 1 to 5"),
    (["task", "add", "x", "--impact", "h"], "one of H, M, L"),
    (["task", "add"], "TITLE is missing"), (["task", "add", "two", "words"], "quotes"),
    (["theme"], "one more word"), ([], "a command is missing"), (["-x"], "no option “-x”"),
    (["tasks", "--json=yes"], "takes no value"), (["tasks", "--limit"], "needs a value"),
  ])
  func `says what is wrong with a line`(line: [String], says: String) {
    do throws(Failure) {
      _ = try ArgumentParser(commands: CommandTable.commands).parse(line)
      Issue.record("\(line) was taken")
    } catch {
      #expect(error.code == .usage)
      #expect(error.message.contains(says))
    }
  }

  @Test func `gives help wherever it is asked for`() throws {
    for (line, path) in [
      (["--help"], []), (["theme", "--help"], ["theme"]), (["-h"], []),
      (["theme", "rate", "--help"], ["theme", "rate"]),
      (["theme", "rate", "x", "5", "-h"], ["theme", "rate"]),
    ] {
      guard
        case .help(let asked)? = try? ArgumentParser(commands: CommandTable.commands).parse(line)
      else {
        Issue.record("no help for \(line)")
        continue
      }
      #expect(asked == path)
    }
  }

  @Test func `documents every command, every exit code and every global option`() {
    let help = HelpText.text([], CommandTable.commands)
    for command in CommandTable.commands where !command.hidden {
      #expect(help.contains("  \(command.name)"), "\(command.name) is in no section")
      let own = HelpText.text(command.path, CommandTable.commands)
      for option in command.options { #expect(own.contains("--\(option.name)")) }
      #expect(own.split(separator: "\n").allSatisfy { $0.count <= 110 })
    }
    for code in ExitCode.allCases { #expect(help.contains("  \(code.rawValue) ")) }
    for option in GlobalOptions.specs { #expect(help.contains("--\(option.name)")) }
  }

  @Test func `has no two commands of one name and no option twice`() {
    let names = CommandTable.commands.map(\.name)
    #expect(Set(names).count == names.count)
    for command in CommandTable.commands {
      let options = (command.options + GlobalOptions.specs).map(\.name)
      #expect(Set(options).count == options.count, "\(command.name)")
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `completes every command and option`(shell: String) {
    let script = CompletionCommand.script(shell, CommandTable.commands)
    for command in CommandTable.commands where !command.hidden {
      for word in command.path { #expect(script.contains(word)) }
      for option in command.options { #expect(script.contains(option.name)) }
    }
    #expect(!script.contains("complete-names PILLAR"))
    #expect(script.contains("complete-names"))
  }

  @Test func `counts the letters that differ`() {
    #expect(Suggestion.distance("rate", "rate") == 0)
    #expect(Suggestion.distance("rate", "raet") == 1)
    #expect(Suggestion.distance("rate", "rat") == 1)
    #expect(Suggestion.distance("", "abc") == 3)
    #expect(Suggestion.among(["rate"], for: "zebra") == "")
  }
}
