// Runs on GitHub are taken back, beside people who are at the same issues.
#include "integration/github/on_github.hpp"

#include <signal.h>

#include <thread>

namespace groomer::test {
namespace {

class UndoOnGithub : public OnGithub {
protected:
    void SetUp() override {
        OnGithub::SetUp();
        if (!database) return;
        for (int i = 0; i < 5 && (i == 0 || number(left()) > 0); ++i) {
            auto const ended = command({"once"});
            ASSERT_EQ(ended.status, 0) << ended.output;
        }
        chosen = number(
            "SELECT i.number FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id "
            "WHERE cardinality(r.added) >= 3 AND cardinality(r.removed) = 0 ORDER BY 1 LIMIT 1");
        before = effects().size();
    }
    fake_github::By maintainer() { return {.login = "maintainer", .now = server.now()}; }
    // Of the issue, since it was groomed.
    std::vector<std::string> done() {
        std::vector<std::string> out;
        auto const all = effects();
        for (std::size_t i = before; i < all.size(); ++i) {
            if (all[i].at("issue").to_number<std::int64_t>() != chosen) continue;
            std::string line{all[i].at("actor").as_string()};
            line.append(" ").append(all[i].at("what").as_string());
            if (all[i].contains("label")) line.append(" ").append(all[i].at("label").as_string());
            out.push_back(std::move(line));
        }
        return out;
    }
    std::vector<std::string> added() {
        std::vector<std::string> out;
        auto const rows =
            database->query("SELECT unnest(r.added) FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id WHERE i.number = " +
                            std::to_string(chosen) + " AND r.mode = 'apply' AND cardinality(r.added) > 0 ORDER BY 1");
        for (auto const& row : rows) out.push_back(row.text(0));
        return out;
    }
    void make_sync_due() { database->query("UPDATE groomer.source SET synced_at = synced_at - interval '1 hour' RETURNING 1"); }
    std::string name() const { return repo + ("#" + std::to_string(chosen)); }
    std::string of_it(std::string const& column) {
        return "SELECT " + column + " FROM groomer.issue WHERE number = " + std::to_string(chosen);
    }

    std::int64_t chosen = 0;
    std::size_t before = 0;
};

TEST_F(UndoOnGithub, WhatAPersonHasTouchedStaysAndNothingIsLabelledAgainUntilTheyComment) {
    auto const labels_of_ours = added();
    ASSERT_GE(labels_of_ours.size(), 3U);
    server.with_state([&](State& state) {
        auto& issue = state.issue(repo, chosen);
        state.remove_label(state.at(repo), issue, labels_of_ours[0], maintainer());
        state.add_labels(state.at(repo), issue, {labels_of_ours[0]}, maintainer());
        state.remove_label(state.at(repo), issue, labels_of_ours[1], maintainer());
    });
    auto const ended = command({"undo", "--issue", name()});
    ASSERT_EQ(ended.status, 0) << ended.output;
    EXPECT_NE(ended.output.find(labels_of_ours[0] + " stays, since somebody else has set it"), std::string::npos) << ended.output;
    std::vector<std::string> expected{"maintainer label.remove " + labels_of_ours[0], "maintainer label.add " + labels_of_ours[0],
                                      "maintainer label.remove " + labels_of_ours[1]};
    for (std::size_t i = 2; i < labels_of_ours.size(); ++i) expected.push_back("groomer label.remove " + labels_of_ours[i]);
    EXPECT_EQ(done(), expected);
    auto const again = command({"undo", "--issue", name()});
    EXPECT_EQ(again.status, 0);
    EXPECT_NE(again.output.find("nothing to do"), std::string::npos) << again.output;

    // Its own writes, which GitHub dates as any change, are looked at once and are no reason to label it.
    for (int i = 0; i < 2; ++i) {
        make_sync_due();
        ASSERT_EQ(command({"once"}).status, 0);
        EXPECT_EQ(done(), expected);
        EXPECT_EQ(number(of_it("(due_at IS NULL)::int")), 1);
    }
    auto const runs = number("SELECT count(*) FROM groomer.run WHERE mode = 'apply' AND outcome <> 'skipped'");
    server.with_state([&](State& state) {
        auto later = maintainer();
        later.now += 2s;  // dates are in whole seconds
        state.add_comment(state.at(repo), state.issue(repo, chosen), "It is still so in 2.1", later);
    });
    make_sync_due();
    ASSERT_EQ(command({"once"}).status, 0);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.run WHERE mode = 'apply' AND outcome <> 'skipped'"), runs + 1) << "it was groomed anew";
    EXPECT_EQ(number(of_it("(undone IS NULL)::int")), 1);
}

TEST_F(UndoOnGithub, AKilledOneIsCompletedByTheNextAndNothingIsDoneTwice) {
    auto const labels_of_ours = added();
    server.with_state([](State& state) { state.faults.add({.method = "DELETE", .nth = 2}, {.delay_after = 20s}); });
    auto const process = start({"undo", "--issue", name()});
    auto const end = std::chrono::steady_clock::now() + 20s;
    while (done().size() < 2 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
    ASSERT_EQ(done().size(), 2U);
    process->signal(SIGKILL);
    process->wait(5s);
    server.with_state([](State& state) { state.faults.clear(); });
    EXPECT_EQ(number("SELECT count(*) FROM groomer.run WHERE mode = 'undo'"), 0);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.step WHERE starts_with(key, 'undo ')"),
              static_cast<std::int64_t>(labels_of_ours.size()));
    // Others go on meanwhile, and see its labels gone.
    make_sync_due();
    Ended other{75, ""};  // until the row of the dead one is over
    while (other.status == 75 && std::chrono::steady_clock::now() < end) other = command({"once"});
    ASSERT_EQ(other.status, 0) << other.output;
    EXPECT_EQ(done().size(), 2U);
    EXPECT_EQ(number(of_it("cardinality(own_labels)")), static_cast<std::int64_t>(labels_of_ours.size()) - 2) << "the sync saw it";
    auto const ended = command({"undo", "--issue", name()});
    ASSERT_EQ(ended.status, 0) << ended.output;
    std::vector<std::string> expected;
    for (auto const& label : labels_of_ours) expected.push_back("groomer label.remove " + label);
    auto found = done();
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.run WHERE mode = 'apply' AND undone_by IS NOT NULL"), 1);
    EXPECT_EQ(number(of_it("cardinality(own_labels)")), 0);
}

TEST_F(UndoOnGithub, OneThatFailsInPartIsToldAndCompletedTheNextTime) {
    auto const labels_of_ours = added();
    server.with_state([](State& state) {
        state.faults.add({.method = "DELETE", .nth = 2, .times = 5}, {.kind = fake_github::FaultKind::status, .status = 422});
    });
    auto const ended = command({"undo", "--issue", name()});
    EXPECT_EQ(ended.status, 1) << ended.output;
    EXPECT_NE(ended.output.find("partial"), std::string::npos) << ended.output;
    EXPECT_EQ(done().size(), 1U);
    EXPECT_EQ(number(of_it("cardinality(own_labels)")), static_cast<std::int64_t>(labels_of_ours.size()) - 1);
    EXPECT_EQ(number(of_it("(due_at IS NULL)::int")), 1);
    server.with_state([](State& state) { state.faults.clear(); });
    auto const again = command({"undo", "--issue", name()});
    EXPECT_EQ(again.status, 0) << again.output;
    EXPECT_EQ(done().size(), labels_of_ours.size());
}

TEST_F(UndoOnGithub, WhatALimitLeavesIsCountedAndAFailure) {
    server.with_state([](State& state) {
        state.faults.add({.method = "DELETE", .nth = 2, .times = fake_github::Matcher::always},
                         {.kind = fake_github::FaultKind::status, .status = 429, .headers = {{"Retry-After", "600"}}});
    });
    auto const ended = command({"undo", "--issue", name()});
    EXPECT_EQ(ended.status, 1) << ended.output;
    EXPECT_NE(ended.output.find("a limit is reached"), std::string::npos) << ended.output;
    EXPECT_NE(ended.output.find("1 issue is left: run it again"), std::string::npos) << ended.output;
    EXPECT_EQ(done().size(), 1U);
    EXPECT_EQ(number("SELECT count(*) FROM groomer.run WHERE undone_by IS NOT NULL"), 0);
    EXPECT_EQ(number(of_it("(due_at IS NULL AND undone = revision)::int")), 1) << "nothing is labelled again meanwhile";
    EXPECT_EQ(number("SELECT count(*) FROM groomer.lease"), 0);
}

TEST_F(UndoOnGithub, AWholeNightIsTakenBack) {
    auto const by_groomer = effects().size();
    auto const tried = command({"undo", "--since", "1h", "--dry-run"});
    EXPECT_EQ(tried.status, 0) << tried.output;
    EXPECT_EQ(effects().size(), by_groomer);
    auto const ended = command({"undo", "--since", "1h"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    std::set<std::string> standing;
    for (auto const& effect : effects()) {
        auto const label = std::to_string(effect.at("issue").to_number<int>()) + " " + std::string{effect.at("label").as_string()};
        if (effect.at("what") == "label.add") standing.insert(label);
        else standing.erase(label);
    }
    EXPECT_TRUE(standing.empty()) << *standing.begin();
    EXPECT_EQ(effects().size(), 2 * by_groomer);
}

}  // namespace
}  // namespace groomer::test
