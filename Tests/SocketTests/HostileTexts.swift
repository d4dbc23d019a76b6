/// What hostile frames are made of.
extension HostileFrames {
  private static let id = "01900000-0000-7000-8000-00000000dead"

  /// Calls that are as they must be, and that write nothing.
  static let calls = [
    #"{"method":"org.plannerd.planner.Ping"}"#,
    #"{"method":"org.plannerd.planner.Describe","parameters":{}}"#,
    #"{"method":"org.varlink.service.GetInfo","parameters":{},"more":false}"#,
    #"{"method":"org.plannerd.views.Tasks","parameters":{"limit":3,"sort":"due","tag":"a"}}"#,
    #"{"method":"org.plannerd.views.PillarAverages","parameters":{"atLeast":0}}"#,
    #"{"method":"org.plannerd.planner.Audit","parameters":{"limit":2,"order":"oldest"}}"#,
    """
    {"method":"org.plannerd.planner.Submit","parameters":{"commands":[{"commandId":"\(id)",\
    "completeTask":{"taskId":"\(id)"}}],"dryRun":true}}
    """,
  ]

  static let notCalls = [
    "", "{}", "[]", "null", "7", #""x""#, #"{"method":null}"#, #"{"method":1}"#,
    #"{"parameters":{}}"#, #"{"method":"org.plannerd.planner.Ping","parameters":[]}"#,
    #"{"method":"org.plannerd.planner.Ping","parameters":1}"#,
    #"{"method":"org.plannerd.planner.Ping","more":1}"#,
    #"{"method":"org.plannerd.planner.Ping","more":true,"oneway":true}"#,
    #"{"method":"org.plannerd.planner.Ping","upgrade":true,"oneway":true}"#,
    #"{"method":"org.plannerd.planner.Ping"} {"method":"org.plannerd.planner.Ping"}"#,
    #"{"method":"org.plannerd.planner.Ping","a":1,"a":1}"#,
    #"{"method":"org.plannerd.planner.Ping","a":+1}"#,
    #"{"method":"org.plannerd.planner.Ping","a":.5}"#,
    "{\"method\":\"org.plannerd.planner.Ping\",\"a\":\"\n\"}",
    "{\"method\":\"org.plannerd.planner.Ping\"}\u{1}",
  ]

  static let wrongParameters = [
    #"{"method":"org.plannerd.planner.Ping","parameters":{"a":1}}"#,
    #"{"method":"org.plannerd.planner.Submit","parameters":{"commands":7}}"#,
    #"{"method":"org.plannerd.views.Tasks","parameters":{"limit":"3"}}"#,
    #"{"method":"org.plannerd.views.Task","parameters":{}}"#,
    #"{"method":"org.plannerd.views.Tasks","parameters":{"atLeast":1e300}}"#,
    #"{"method":"org.plannerd.control.Watch","parameters":{"jobId":true},"more":true}"#,
    #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":{}}}"#,
  ]

  static let unstorable = [
    #"{"method":"org.plannerd.views.Tasks","parameters":{"text":"\u0000"}}"#,
    #"{"method":"org.plannerd.views.Tasks","parameters":{"text":"\ud800x"}}"#,
    #"{"method":"org.plannerd.views.Tasks","parameters":{"limit":1e999}}"#,
    """
    {"method":"org.plannerd.planner.Submit","parameters":{"commands":[{"commandId":"\(id)",\
    "createPillar":{"pillarId":"\(id)","name":"a\\u0000"}}]}}
    """,
  ]

  static let oneway = [
    #"{"method":"org.plannerd.planner.Absent","oneway":true}"#,
    #"{"method":"org.plannerd.planner.Ping","parameters":{"a":1},"oneway":true}"#,
    #"{"method":"org.plannerd.planner.Describe","oneway":true}"#,
    #"{"method":"org.plannerd.planner.Subscribe","oneway":true}"#,
    #"{"method":"org.plannerd.views.Tasks","oneway":true}"#,
  ]

  /// Commands that are outcomes, each refused.
  static let badCommands =
    [
      "{}", #""nobody":{}"#, #""createPillar":7"#, #""createPillar":{}"#,
      #""createTask":{"taskId":1}"#,
      #""completeTask":{"taskId":"\#(id)"}"#, #""removePillar":{"pillarId":"\#(id)","x":[[[{}]]]}"#,
      #""createPillar":{"pillarId":"\#(id)","name":""}"#,
      #""changePreferences":{"extra":{"a":{"b":[1,2,3]}},"urgency":101}"#,
      #""rateTheme":{"themeId":"\#(id)","ratingPercent":1e100}"#,
      #""snoozeTask":{"taskId":"\#(id)","until":"+999999999-01-01T00:00:00Z"}"#,
    ].map { body in
      let member = body == "{}" ? "" : ",\(body)"
      return """
        {"method":"org.plannerd.planner.Submit","parameters":{"commands":[{"commandId":"\(id)"\
        \(member)}]}}
        """
    } + [
      #"{"method":"org.plannerd.planner.Submit","parameters":{"commands":[[]]}}"#,
      #"{"method":"org.plannerd.planner.Submit","parameters":{"commands":[{}]}}"#,
      #"{"method":"org.plannerd.planner.Submit","parameters":{"commands":[{"commandId":7}]}}"#,
    ]
}
