// swift-tools-version: 6.3
import PackageDescription

/// Swift 6 mode with every upcoming feature that the toolchain offers; a warning is an error.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// For the modules that touch C: unsafe constructs are named where they are used.
let strictMemory: [SwiftSetting] = strict + [.strictMemorySafety()]

let package = Package(
  name: "plannerd",
  products: [
    .executable(name: "plannerd", targets: ["plannerd"]),
    .executable(name: "planner", targets: ["planner"]),
    .executable(name: "varlink-certification", targets: ["varlink-certification"]),
  ],
  targets: [
    // C: what Swift's Glibc module lacks, and the two C libraries in use.
    .target(name: "CLinux"),
    .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    // Pure: no I/O, no clock, no randomness.
    .target(name: "JSON", swiftSettings: strict),
    .target(name: "Scalars", swiftSettings: strict),
    .target(name: "Planner", dependencies: ["JSON", "Scalars"], swiftSettings: strict),

    // The world: the loop, the wire, the database.
    .target(name: "Files", dependencies: ["CLinux"], swiftSettings: strictMemory),
    .target(name: "EventLoop", dependencies: ["CLinux"], swiftSettings: strictMemory),
    .target(
      name: "Varlink", dependencies: ["JSON", "EventLoop", "CLinux"], swiftSettings: strictMemory),
    .target(
      name: "Postgres", dependencies: ["CLibpq", "EventLoop", "Files"], swiftSettings: strictMemory),

    // What plannerd is about.
    .target(
      name: "EventLog",
      dependencies: ["JSON", "Scalars", "Files", "EventLoop", "Planner", "Postgres", "CCrypto"],
      swiftSettings: strict),
    .target(
      name: "Projections",
      dependencies: ["JSON", "Scalars", "Files", "EventLoop", "Postgres", "EventLog"],
      swiftSettings: strict),

    // The programs.
    .executableTarget(
      name: "plannerd",
      dependencies: [
        "CLinux", "EventLoop", "EventLog", "Files", "JSON", "Planner", "Postgres", "Projections",
        "Scalars", "Varlink",
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "planner", dependencies: ["CLinux", "JSON", "Scalars", "Varlink"], swiftSettings: strict
    ),
    .executableTarget(
      name: "varlink-certification", dependencies: ["EventLoop", "JSON", "Varlink"],
      swiftSettings: strict),

    // Tests: the level is in the target's name.
    .target(
      name: "TestSupport",
      dependencies: [
        "CLinux", "EventLoop", "EventLog", "Files", "JSON", "Postgres", "Scalars", "Varlink",
      ],
      path: "Tests/TestSupport", swiftSettings: strict),
    .target(name: "CAllocations", path: "Tests/CAllocations"),
    .target(
      name: "TestCommands", dependencies: ["JSON", "Scalars"], path: "Tests/TestCommands",
      swiftSettings: strict),
    .testTarget(
      name: "PlannerTests", dependencies: ["Planner", "JSON", "Scalars", "TestCommands"],
      swiftSettings: strict),
    .testTarget(
      name: "WireTests",
      dependencies: ["CAllocations", "JSON", "Scalars", "EventLoop", "Varlink", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ClusterTests",
      dependencies: [
        "CAllocations", "EventLog", "EventLoop", "Files", "JSON", "Planner", "Postgres",
        "Projections", "Scalars", "TestCommands", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "SystemTests",
      dependencies: [
        "CLinux", "EventLog", "EventLoop", "Files", "JSON", "Planner", "Postgres", "Scalars",
        "TestCommands", "TestSupport", "plannerd", "planner",
      ], swiftSettings: strict),
    .testTarget(
      name: "SocketTests",
      dependencies: [
        "CLinux", "EventLoop", "Files", "JSON", "Planner", "Scalars", "Varlink", "TestSupport",
        "TestCommands", "plannerd", "planner", "varlink-certification",
      ],
      swiftSettings: strict),
  ]
)
