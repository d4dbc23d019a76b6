internal import Files

/// Sizes of properties: what fits every run, or with `PLANNERD_FULL_SIZE` (`ops/test --full`) what is promised.
package enum Scale {
  package static let isFull = Environment.value("PLANNERD_FULL_SIZE") != nil

  package static func pick<T>(_ usual: T, full: T) -> T { isFull ? full : usual }
}
