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

std::string page_for(Access const& access) {
    constexpr std::string_view place = R"(data-takes="token")";
    std::string page{page_text()};
    std::string takes = access.public_page ? "public" : "";
    if (!access.admin_tokens.empty()) takes += takes.empty() ? "token" : " token";
    return page.replace(page.find(place), place.size(), "data-takes=\"" + takes + '"');
}

net::Handler page_handler(std::function<Access()> access) {
    // Made when it is asked for, and the policy then kept: a standby would pay for it all its life.
    return [access = std::move(access)](net::Request) -> Task<net::Response> {
        static std::string const policy = content_policy(page_text());
        net::Response page;
        page.content_type = "text/html; charset=utf-8";
        page.body = page_for(access());
        page.headers.push_back({"Content-Security-Policy", policy});
        page.headers.push_back({"Referrer-Policy", "no-referrer"});
        page.headers.push_back({"Cross-Origin-Opener-Policy", "same-origin"});
        page.headers.push_back({"Cache-Control", "no-cache"});
        co_return page;
    };
}

}  // namespace groomer::api
