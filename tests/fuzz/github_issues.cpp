// GitHub's answers that are issues, one or a page of them.
#include "base/error.hpp"
#include "base/text.hpp"
#include "fuzz/fuzz.hpp"
#include "tracker/github/content.hpp"
#include "tracker/github/resource.hpp"
#include "tracker/issue_json.hpp"

#include <algorithm>
#include <set>

namespace groomer::fuzz {
namespace {

using namespace tracker;

void check_issue(Issue const& issue) {
    check(issue.ref.number >= 1, "an issue has a number");
    check(!issue.ref.repo.empty() && issue.ref.repo.size() <= longest_repo, "an issue has a repository");
    check(!issue.title.empty(), "an issue has a title");
    for (auto const* text : {&issue.title, &issue.body, &issue.author}) check(clean_text(*text) == *text, "texts are clean");
    std::set<std::string> labels;
    for (auto const& label : issue.labels) {
        check(!label.empty() && clean_text(label) == label, "labels are clean");
        check(labels.insert(label).second, "each label is named once");
    }
}

void check_page(std::string_view body) {
    auto const page = github::parse_issue_page(body, "octo/quill");
    check(page.entries >= page.issues.size() + page.skipped, "an entry is an issue, a pull request or passed over");
    check((page.skipped == 0) == page.skipped_example.empty(), "the first that was passed over is told");
    for (auto const& entry : page.issues) {
        check(entry.issue.ref.repo == "octo/quill", "issues are of the repository that was asked for");
        check_issue(entry.issue);
    }
}

}  // namespace
}  // namespace groomer::fuzz

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    auto const body = fuzz::text_of(data, size);
    try {
        fuzz::check_page(body);
    } catch (Error const&) {  // no list
    }
    try {
        if (auto const one = tracker::github::parse_issue(body, "octo/quill")) fuzz::check_issue(one->issue);
    } catch (Error const&) {  // no object
    }
    if (auto const content = tracker::github::parse_content(body)) {
        fuzz::check(!content->title.empty(), "there is a title");
        fuzz::check(is_utf8(content->title) && is_utf8(content->body), "what is written back is UTF-8");
    }
    return 0;
}
