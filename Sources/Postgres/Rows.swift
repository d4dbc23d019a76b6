internal import CLibpq

/// The rows that a statement answered, in Postgres's text format.
///
/// `@unchecked Sendable`: a `PGresult` is never written to after libpq has handed it out.
@safe package final class Rows: @unchecked Sendable {
  private let result: OpaquePointer

  /// Takes on the result and frees it at the end.
  init(owning result: OpaquePointer) {
    unsafe self.result = unsafe result
  }

  deinit { unsafe PQclear(result) }

  package var count: Int { Int(unsafe PQntuples(result)) }
  package var columnCount: Int { Int(unsafe PQnfields(result)) }
  package var isEmpty: Bool { count == 0 }

  package func columnName(_ column: Int) -> String {
    unsafe String(cString: PQfname(result, Int32(column)))
  }

  /// The object id of a column's type.
  package func columnType(_ column: Int) -> UInt32 { unsafe PQftype(result, Int32(column)) }

  package func isNull(_ row: Int, _ column: Int) -> Bool {
    unsafe PQgetisnull(result, Int32(row), Int32(column)) != 0
  }

  /// The text of a value; nil for NULL.
  package subscript(row: Int, column: Int) -> String? {
    if isNull(row, column) { return nil }
    return unsafe String(decoding: buffer(row, column), as: UTF8.self)
  }

  /// The text of a value that is never NULL.
  package func text(_ row: Int, _ column: Int) -> String {
    guard let value = self[row, column] else {
      preconditionFailure("column \(columnName(column)) is NULL")
    }
    return value
  }

  package func int(_ row: Int, _ column: Int) -> Int? { self[row, column].flatMap { Int($0) } }

  package func bool(_ row: Int, _ column: Int) -> Bool { self[row, column] == "t" }

  /// The bytes of a value's text; empty for NULL.
  package func bytes(_ row: Int, _ column: Int) -> [UInt8] { unsafe Array(buffer(row, column)) }

  private func buffer(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(
      start: PQgetvalue(result, Int32(row), Int32(column)),
      count: Int(PQgetlength(result, Int32(row), Int32(column))))
  }
}

/// How many rows a statement changed, and what it answered.
extension Rows {
  package var affected: Int {
    unsafe Int(String(cString: PQcmdTuples(result))) ?? 0
  }
}
