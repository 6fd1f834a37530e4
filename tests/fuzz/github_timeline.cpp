// GitHub's lists of events, comments and labels, and the small objects: accounts, repositories, tokens.
#include "base/error.hpp"
#include "base/text.hpp"
#include "fuzz/fuzz.hpp"
#include "tracker/github/content.hpp"
#include "tracker/github/resource.hpp"
#include "tracker/issue_json.hpp"

namespace groomer::fuzz {
namespace {

using namespace tracker;

github::Account const self{"groomer", 7};

void check_lists(std::string_view body) {
    Issue history;
    github::add_timeline_page(history, body, self);
    for (auto const& event : history.events)
        check(!event.label.empty() && event.label.size() <= longest_label && clean_text(event.label) == event.label, "labels are clean");
    for (auto const& comment : history.comments) check(clean_text(comment.body) == comment.body, "comments are clean");
    for (auto const& name : github::parse_labels(body).names) check(!name.empty() && clean_text(name) == name, "names are clean");
    if (auto const found = github::find_comment(body, "summary", self)) {
        check(found->id > 0, "a comment of ours has an id");
        check(found->body.find("<!-- groomer:summary -->") != std::string::npos, "a comment of ours carries its mark");
    }
}

}  // namespace
}  // namespace groomer::fuzz

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    auto const body = fuzz::text_of(data, size);
    try {
        fuzz::check_lists(body);
    } catch (Error const&) {  // no list
    }
    if (auto const account = tracker::github::parse_account(body)) fuzz::check(!account->login.empty(), "an account has a name");
    if (auto const name = tracker::github::parse_full_name(body)) fuzz::check(name->size() <= tracker::longest_repo, "names are bounded");
    if (auto const given = tracker::github::parse_installation_token(body))
        for (char const c : given->token) fuzz::check(c > ' ' && c < '\x7f', "a token fits into a header");
    return 0;
}
