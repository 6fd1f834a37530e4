#include "api/page.hpp"

#include "base/digest.hpp"

namespace groomer::api {
namespace {

// " 'sha256-…'" for the text of each such element.
std::string hashes(std::string_view html, std::string const& element) {
    std::string const open = '<' + element + '>', close = "</" + element + '>';
    std::string out;
    for (auto at = html.find(open); at != html.npos; at = html.find(open, at + 1)) {
        auto const begin = at + open.size(), end = html.find(close, begin);
        if (end != html.npos) out += " 'sha256-" + sha256_base64(html.substr(begin, end - begin)) + '\'';
    }
    return out.empty() ? " 'none'" : out;
}

}  // namespace

std::string content_policy(std::string_view html) {
    return "default-src 'none'; style-src" + hashes(html, "style") + "; script-src" + hashes(html, "script") +
           "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

net::Handler page_handler() {
    // Made when it is asked for: a standby would pay for it all its life.
    return [](net::Request) -> Task<net::Response> {
        net::Response page;
        page.content_type = "text/html; charset=utf-8";
        page.body = page_text();
        page.headers.push_back({"Content-Security-Policy", content_policy(page_text())});
        page.headers.push_back({"Referrer-Policy", "no-referrer"});
        page.headers.push_back({"Cross-Origin-Opener-Policy", "same-origin"});
        page.headers.push_back({"Cache-Control", "no-cache"});
        co_return page;
    };
}

}  // namespace groomer::api
