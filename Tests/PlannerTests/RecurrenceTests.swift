import JSON
import Testing

@testable import Planner

@Suite struct RecurrenceTests {
  private func rejection(_ rule: String) -> Rejection? {
    do throws(Rejection) {
      try RecurrenceSyntax.check(rule, field: "rule")
      return nil
    } catch {
      return error
    }
  }

  @Test(
    arguments: [
      "FREQ=DAILY", "INTERVAL=2;FREQ=SECONDLY", "freq=weekly;byday=mo,we;wkst=su",
      "FREQ=DAILY;COUNT=1", "FREQ=DAILY;UNTIL=20261231", "FREQ=DAILY;UNTIL=20261231T235960Z",
      "FREQ=HOURLY;UNTIL=20261231T000000", "FREQ=MINUTELY;BYSECOND=0,60;BYMINUTE=0,59;BYHOUR=0,23",
      "FREQ=MONTHLY;BYDAY=-1FR,+2MO", "FREQ=MONTHLY;BYMONTHDAY=1,-31;BYSETPOS=-366,366",
      "FREQ=YEARLY;BYYEARDAY=-366,366", "FREQ=YEARLY;BYWEEKNO=1,-53;BYDAY=MO",
      "FREQ=YEARLY;BYMONTH=1,12;BYDAY=53SU", "FREQ=DAILY;INTERVAL=999999999",
    ])
  func `takes a rule by RFC 5545`(rule: String) {
    #expect(rejection(rule) == nil)
  }

  @Test(arguments: [
    "", ";", "FREQ", "FREQ=", "=DAILY", "FREQ=DAILY;;COUNT=1", "FREQ=A=B", "FREQ=Ä",
  ])
  func `refuses what has not the form of a rule`(rule: String) {
    #expect(rejection(rule)?.rule == .recurrenceSyntax)
  }

  @Test(arguments: ["COUNT=3", "FREQ=DAILY,WEEKLY", "RRULE:FREQ=DAILY", " FREQ=DAILY"])
  func `asks for one known frequency`(rule: String) {
    #expect(rejection(rule)?.rule == .recurrenceFrequency)
  }

  @Test(
    arguments: [
      "INTERVAL=0", "INTERVAL=-1", "INTERVAL=1.5", "INTERVAL=1000000000", "COUNT=0", "COUNT=x",
      "UNTIL=20260229", "UNTIL=2026-01-01", "UNTIL=20260101T", "UNTIL=20260101T240000Z",
      "UNTIL=20260101T006000", "UNTIL=20260101T000061", "UNTIL=20260101 000000",
      "WKST=XX", "BYSECOND=61", "BYMINUTE=60", "BYHOUR=24", "BYHOUR=1,", "BYDAY=MON", "BYDAY=",
      "BYMONTHDAY=0", "BYMONTHDAY=32", "BYMONTH=13", "BYMONTH=0", "BYMONTH=-1", "BYSETPOS=1",
      "BYDAY=1MO", "BYWEEKNO=1", "BYYEARDAY=1", "FREQ=DAILY", "X-PART=1", "BYEASTER=0",
    ])
  func `refuses a part that is unknown, out of range or not for the frequency`(part: String) {
    let rejection = rejection("FREQ=DAILY;\(part)")
    let expected: Rule = part == "BYDAY=" ? .recurrenceSyntax : .recurrencePart
    #expect(rejection?.rule == expected)
  }

  @Test(
    arguments: [
      "FREQ=YEARLY;BYDAY=54MO", "FREQ=YEARLY;BYDAY=0MO", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO",
      "FREQ=YEARLY;BYWEEKNO=54", "FREQ=YEARLY;BYYEARDAY=367", "FREQ=WEEKLY;BYMONTHDAY=1",
      "FREQ=MONTHLY;BYYEARDAY=1", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0",
      "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367",
    ])
  func `refuses parts that may not be together`(rule: String) {
    #expect(rejection(rule)?.rule == .recurrencePart)
  }

  @Test func `takes a rule of 500 characters and not of 501`() {
    let head = "FREQ=DAILY;BYHOUR=1"
    let rule = head + String(repeating: ",23", count: 160)
    #expect(rule.utf8.count == 499)
    #expect(rejection(rule + "1") != nil && rejection(rule + "1")?.rule == .recurrencePart)
    #expect(rejection("FREQ=DAILY;BYHOUR=11" + String(repeating: ",23", count: 160)) == nil)
    #expect(rejection(rule + ",1")?.rule == .recurrenceTooLong)
  }
}
