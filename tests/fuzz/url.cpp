// Addresses, references to others, and the proxies of the environment. The input: an address, a reference, a proxy, its exceptions,
// a line each.
#include "net/url.hpp"
#include "base/error.hpp"
#include "fuzz/fuzz.hpp"
#include "net/proxy.hpp"

namespace groomer::fuzz {
namespace {

using namespace net;

void check_url(Url const& url) {
    check(!url.host.empty() && url.port != 0, "an address has a host and a port");
    check(url.target.starts_with('/'), "a target begins with a slash");
    for (char const c : url.target) check(c > ' ' && c < '\x7f', "a target fits into a request line");
    auto const again = parse_url(url.text());
    check(again.text() == url.text() && again.secure == url.secure, "an address that is written is read as it was");
}

void check_addresses(std::string_view address, std::string_view reference, ProxyRules const& rules) {
    auto const url = parse_url(address);
    check_url(url);
    if (auto const proxy = rules.proxy_for(url)) check(!proxy->host.empty() && proxy->port != 0, "a proxy has a host and a port");
    check_url(resolve_url(url, reference));
}

}  // namespace
}  // namespace groomer::fuzz

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    auto rest = fuzz::text_of(data, size);
    auto const address = fuzz::take_line(rest), reference = fuzz::take_line(rest), proxy = fuzz::take_line(rest);
    try {
        net::ProxyRules const rules{
            {{"https_proxy", std::string{proxy}}, {"http_proxy", std::string{proxy}}, {"no_proxy", std::string{rest}}}};
        fuzz::check_addresses(address, reference, rules);
    } catch (net::BadUrl const&) {
    } catch (Error const&) {  // no proxy
    }
    return 0;
}
