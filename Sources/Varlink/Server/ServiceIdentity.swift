/// What `org.varlink.service.GetInfo` says of a service.
package struct ServiceIdentity: Sendable, Equatable {
  package let vendor: String
  package let product: String
  package let version: String
  package let url: String

  package init(vendor: String, product: String, version: String, url: String) {
    self.vendor = vendor
    self.product = product
    self.version = version
    self.url = url
  }
}
