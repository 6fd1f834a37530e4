#include "groom/texts.hpp"

#include "groom/guard.hpp"

#include <algorithm>

namespace groomer::groom {
namespace {

store::Said find(std::vector<store::Said> const& said, std::string_view op, std::string_view name) {
    auto const found = std::find_if(said.begin(), said.end(), [&](auto const& one) { return one.op == op && one.name == name; });
    return found == said.end() ? store::Said{} : *found;
}

// Nor one by which groomer would leave the issue alone from then on.
bool may_rename(tracker::Issue const& issue, std::string const& title, config::Policy const& policy, store::Said const& known) {
    if (title.empty() || title == issue.title || !issue.renames.empty() || issue.history_cut || known.made) return false;
    auto renamed = issue;
    renamed.title = title;
    return !guard(renamed, policy);
}

bool may_write(tracker::Issue const& issue, std::string const& text, store::Said const& known) {
    auto const there =
        std::find_if(issue.sections.begin(), issue.sections.end(), [](auto const& section) { return section.name == summary_name; });
    // Marks that are damaged, or anybody's own: what is ours could not be told. And a body has its longest size.
    constexpr std::size_t longest_body = 60'000;
    bool const marked = issue.body.find("<!-- groomer:") != std::string::npos || issue.body.find("<!-- /groomer:") != std::string::npos;
    if (normalised(text).empty() || marked || issue.body.size() + text.size() > longest_body) return false;
    if (there == issue.sections.end()) return !known.made;  // else a person has taken it out
    return is_known(known, there->text) && normalised(text) != there->text;
}

}  // namespace

bool is_known(store::Said const& known, std::string_view there) {
    auto const reads = [&](std::string const& text) { return normalised(text) == there; };
    return known.text ? reads(*known.text) : std::any_of(known.texts.begin(), known.texts.end(), reads);
}

std::string normalised(std::string_view text) {
    std::string out{text};
    std::erase(out, '\r');
    out.resize(out.find_last_not_of(" \t\n") + 1);
    return out;
}

bool has_texts(model::Judgement const& judgement, config::Policy const& policy) {
    return policy.titles_and_bodies_enabled && (judgement.title || judgement.section);
}

void add_texts(Plan& plan, tracker::Issue const& issue, model::Judgement const& judgement, config::Policy const& policy,
               std::vector<store::Said> const& said) {
    if (!has_texts(judgement, policy)) return;
    if (judgement.title && may_rename(issue, *judgement.title, policy, find(said, "title.set", ""))) plan.title = judgement.title;
    bool const suggests = policy.mode == config::Mode::suggest;  // in one comment, which has no room for it
    if (judgement.section && !suggests && may_write(issue, *judgement.section, find(said, "section.set", summary_name)))
        plan.sections.push_back({std::string{summary_name}, *judgement.section});
}

}  // namespace groomer::groom
