#include "tracker/github/examine.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace groomer::tracker::github {
namespace {

using Kind = Answer::Kind;

bool has(std::vector<std::string> const& all, std::string_view one) { return std::find(all.begin(), all.end(), one) != all.end(); }

std::string listed(std::vector<std::string> const& scopes) {
    std::string out;
    for (auto const& scope : scopes) out += (out.empty() ? "" : ", ") + scope;
    return out.empty() ? "no scopes" : "the scopes " + out;
}

// GitHub says "not found" of what may not be seen, too.
std::string not_seen(std::string const& name, bool anonymous, Answer const& answer) {
    auto const what = name + " cannot be seen: is its name right? ";
    if (anonymous) return what + "Without github.token_file or github.app only public repositories can";
    if (!answer.scopes) return what + "Its owner may have to add it to those that the token in github.token_file may see";
    return what + "A private one needs a token with the scope repo, and an account that may see it; this token has " +
           listed(*answer.scopes);
}

void judge_repository(Findings& findings, std::string const& name, RepositoryState const& state, bool writes) {
    if (to_lower(state.full_name) != to_lower(name))
        findings.remarks.push_back(name + " is called " + state.full_name +
                                   " now: GitHub leads there as long as nobody takes the old name, "
                                   "so write the new one into repositories[].name");
    if (!state.has_issues)
        findings.obstacles.push_back(name + " has its issues switched off: switch them on in its settings, or take it out of repositories");
    if (state.archived)
        (writes ? findings.obstacles : findings.remarks)
            .push_back(name + " is archived, so that nothing can be written to it: unarchive it, or take it out of repositories");
}

void judge_token(Findings& findings, std::string const& name, RepositoryState const& state, Answer const& answer, bool anonymous) {
    auto const to_write = "to write to " + name;
    auto const& scopes = answer.scopes;
    if (anonymous) findings.refusals.push_back(to_write + " there must be credentials: set github.token_file or github.app");
    else if (scopes && !has(*scopes, "repo") && (state.is_private || !has(*scopes, "public_repo")))
        findings.refusals.push_back(to_write + " the token in github.token_file needs the scope " +
                                    (state.is_private ? "repo" : "public_repo, or repo") + "; it has " + listed(*scopes));
    else if (state.may_triage == false)
        findings.refusals.push_back(to_write +
                                    " the token's account needs the role Triage at least, and Write to make labels; it may only read");
    else if (!scopes)
        findings.remarks.push_back("whether the token may write to the issues of " + name +
                                   " shows at the first write: of a fine-grained one GitHub tells only what its account may do");
}

// A token may see a repository and not its issues.
Task<> examine_issues(Findings& findings, Repository& repository) {
    auto const& name = repository.name();
    Call call{Route::issues, repository.url("/issues?state=all&per_page=1")};
    auto sending = repository.api().send(std::move(call));
    auto const answer = co_await std::move(sending);
    if (answer.kind == Kind::ok) co_return;
    if (answer.kind != Kind::refused) fail(answer, "the issues of " + name + " cannot be read");
    findings.refusals.push_back("the issues of " + name + " may not be read: the token in github.token_file needs the permission Issues" +
                                (answer.reason.empty() ? "" : " (GitHub said: " + answer.reason + ")"));
}

std::string not_installed(std::string const& name) {
    return "the App is not installed on " + name + ": add the repository to the installation, if the name is right";
}

// Of an App its installation tells; what is public could be read without any.
Task<> examine_installation(Findings& findings, Repository& repository, SelfQuestion self, bool writes) {
    auto const& name = repository.name();
    Call call{Route::repository_installation, repository.source() + "/installation"};
    call.authorization = self.authorization();
    auto sending = repository.api().send(std::move(call));
    auto const answer = co_await std::move(sending);
    if (answer.kind == Kind::gone) {
        findings.refusals.push_back(not_installed(name));
        co_return;
    }
    auto const found = answer.kind == Kind::ok ? parse_installation(answer.body) : std::nullopt;
    if (!found) fail(answer, "the App's installation on " + name + " cannot be read");
    auto const its = "installation " + std::to_string(found->id) + " of the App";
    if (found->id != self.installation)
        findings.refusals.push_back(name + " belongs to " + its + ", not to " + std::to_string(self.installation) +
                                    ": mend github.app.installation_id, or take the repository out of repositories");
    else if (found->issues != "write" && (writes || found->issues != "read"))
        findings.refusals.push_back(its + " needs the permission Issues: read" + (writes ? " and write" : "") + ", for " + name +
                                    "; it has " + (found->issues.empty() ? "none" : found->issues) +
                                    ": set it in the App's settings, and let the owner of the installation accept it");
}

}  // namespace

Task<Findings> examine(Repository& repository, bool writes) {
    Findings findings;
    auto const& name = repository.name();
    auto self = repository.api().who_am_i();
    bool const anonymous = !self.route, is_app = self.route == Route::app;
    Call call{Route::repository, repository.source()};
    auto sending = repository.api().send(std::move(call));
    auto const answer = co_await std::move(sending);
    if (answer.kind == Kind::gone) {
        findings.refusals.push_back(is_app ? not_installed(name) : not_seen(name, anonymous, answer));
        co_return std::move(findings);
    }
    auto const state = answer.kind == Kind::ok ? parse_repository(answer.body) : std::nullopt;
    if (!state) fail(answer, name + " cannot be read");
    judge_repository(findings, name, *state, writes);
    if (writes && !is_app) judge_token(findings, name, *state, answer, anonymous);
    Task<> rest;
    if (is_app) rest = examine_installation(findings, repository, std::move(self), writes);
    else if (state->has_issues) rest = examine_issues(findings, repository);
    if (rest.valid()) co_await std::move(rest);
    co_return std::move(findings);
}

}  // namespace groomer::tracker::github
