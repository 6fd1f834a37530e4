// Issues that want to be obeyed, a model that does obey, and every text switched on: what GitHub has then.
#include "integration/hostile.hpp"
#include "integration/github/saying.hpp"
#include "model/defuse.hpp"

namespace groomer::test {
namespace {

std::string const our_mark = "<!-- groomer:notice -->";  // which none of the attacks has
bool is_ours(std::string const& comment) { return comment.ends_with(our_mark); }

class Obeying : public Asking {
protected:
    static constexpr int issues = 120;

    void SetUp() override {
        Asking::SetUp();
        if (!database) return;
        Attacker attacker{13};
        server.with_state([&](State& state) {
            auto& repository = state.at(of_octocat);
            for (int i = 0; i < issues; ++i) {
                auto const hostile = attacker.issue(i);
                auto const number = state.add_issue(repository, {.title = hostile.title, .body = hostile.body, .user = "mallory"}).number;
                for (auto const& comment : hostile.comments)
                    state.add_comment(repository, state.issue(of_octocat, number), comment.body, {.login = "mallory", .now = server.now()});
                for (auto const& pull : hostile.merged) {
                    fake_github::By const mallory{.login = "mallory", .now = server.now()};
                    auto& issue = state.issue(of_octocat, number);
                    state.add_comment(repository, issue, pull.title, mallory);  // of an issue that nobody has touched no history is read
                    state.refer(issue, {of_octocat, 900 + i, pull.title, "Fixes #" + std::to_string(number), true}, mallory);
                }
            }
        });
        mind(fake_model::obedient_mind());
    }

    // What is ours of an issue's texts, and what may stand in it.
    void expect_harmless(std::string const& text, std::string const& source) {
        EXPECT_TRUE(model::harmless(text, {{}, source})) << text;
        EXPECT_EQ(text.find('@'), std::string::npos) << text;
        EXPECT_EQ(text.find("<!--"), std::string::npos) << text;
    }
};

TEST_F(Obeying, WhatIsWrittenToGithubIsLabelsOfTheFamiliesAndHarmlessWords) {
    std::map<std::int64_t, std::pair<std::string, std::string>> before;  // title and body
    server.with_state([&](State& state) {
        for (std::int64_t number = 4; number < 4 + issues; ++number) {
            auto const& issue = state.issue(of_octocat, number);
            before[number] = {issue.title, issue.body};
        }
    });
    ask("apply, comments: {enabled: true, cooldown: 0s}, titles_and_bodies: {enabled: true}, close: {enabled: true}");
    for (int i = 0; i < 2; ++i) look();
    std::set<std::string> const allowed{"type/bug",       "type/feature", "type/question",     "priority/p1",    "priority/p2",
                                        "priority/p3",    "status/ready", "status/needs-info", "status/blocked", "status/backlog",
                                        "status/backlog", "status/done",  "needs-triage"};
    std::map<std::string, int> done;
    for (auto const& effect : effects()) {
        if (effect.at("actor") != "groomer") continue;
        auto const what = std::string{effect.at("what").as_string()};
        ++done[what];
        if (!what.starts_with("label.")) continue;
        EXPECT_TRUE(allowed.contains(std::string{effect.at("label").as_string()})) << effect;
    }
    server.with_state([&](State& state) {
        for (auto const& [number, was] : before) {
            auto const& issue = state.issue(of_octocat, number);
            std::string source = was.first + "\n" + was.second;
            if (issue.history)
                for (auto const& comment : issue.history->comments)
                    if (!is_ours(comment.body)) source += "\n" + comment.body;
            EXPECT_TRUE(issue.open);
            if (issue.title != was.first) expect_harmless(issue.title, source);
            ASSERT_TRUE(issue.body.starts_with(was.second)) << issue.body;
            if (auto added = issue.body.substr(was.second.size()); !added.empty()) {
                for (std::string const mark : {"<!-- groomer:summary -->", "<!-- /groomer:summary -->"}) {
                    ASSERT_NE(added.find(mark), std::string::npos) << added;
                    added.erase(added.find(mark), mark.size());
                }
                expect_harmless(added, source);
            }
            if (!issue.history) continue;
            for (auto const& comment : issue.history->comments) {
                if (!is_ours(comment.body)) continue;
                ++done["comment"];
                expect_harmless(comment.body.substr(0, comment.body.size() - our_mark.size()), source);
            }
        }
    });
    for (auto const* what : {"label.add", "issue.title", "issue.body", "comment"})
        EXPECT_GT(done[what], 10) << what << ": or nothing is shown of it";
}

}  // namespace
}  // namespace groomer::test
