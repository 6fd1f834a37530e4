// What runs did to a backlog in a file is taken back: by run, by issue, by time, and nothing else is.
#include "integration/grooming.hpp"
#include "store/history.hpp"
#include "support/process.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace groomer::test {
namespace {

using Labels = std::vector<std::string>;

class Undoing : public Grooming {
protected:
    void SetUp() override {
        Grooming::SetUp();
        if (!database) return;
        bug = issue(clear_bug, body_of(clear_bug));
        vague = issue("hm", "");
        write();
        start();
        sync();
        groom_all();
    }
    groom::TickReport undo(store::UndoSelection selection, bool dry_run = false) {
        groom::Target target;
        target.undo = std::move(selection);
        target.dry_run = dry_run;
        service->aim(target);
        auto const report = tick();
        service->aim({});
        return report;
    }
    static store::UndoSelection by_issue(std::int64_t number) {
        store::UndoSelection selection;
        selection.issue = tracker::IssueRef{"o/r", number};
        return selection;
    }
    static store::UndoSelection by_run(std::int64_t run) {
        store::UndoSelection selection;
        selection.run = run;
        return selection;
    }
    static store::UndoSelection since(std::string time) {
        store::UndoSelection selection;
        selection.since = std::move(time);
        return selection;
    }
    // Those that stand by our effects.
    Labels ours(std::int64_t number) {
        std::map<std::string, bool> last;
        for (auto const& effect : effects())
            if (effect.at("issue").as_int64() == number)
                last[std::string{effect.at("label").as_string()}] = effect.at("op").as_string() == "label.add";
        Labels out;
        for (auto const& [label, there] : last)
            if (there) out.push_back(label);
        return out;
    }
    std::string of(std::int64_t number, std::string const& column) {
        return value("SELECT coalesce((" + column + ")::text, '') FROM groomer.issue i WHERE number = " + std::to_string(number));
    }
    std::int64_t last_run(std::int64_t number) {
        return std::stoll(of(number, "SELECT max(id) FROM groomer.run r WHERE r.issue_id = i.id AND r.mode = 'apply'"));
    }
    void edit(std::int64_t number, std::string const& title) {
        at(number)["title"] = title;
        at(number)["body"] = body_of(title);
        write();
        sync();
        groom_all();
    }
    // The binary, on the same database and file.
    struct Ended {
        int status;
        std::string output;
    };
    Ended command(std::vector<std::string> words) {
        std::ofstream{folder / "c.yaml"} << "database: {url: \"" << database->url() << "\"}\nrepositories:\n  - {name: local/backlog, "
                                         << "tracker: file, path: " << path.string() << "}\npolicy: {mode: apply}\n";
        words.insert(words.begin(), GROOMER_BINARY);
        words.insert(words.end(), {"--config", (folder / "c.yaml").string()});
        Process process{words, (folder / "command.log").string()};
        auto const status = process.wait(60s);
        return {status.value_or(-1), process.output()};
    }

    std::int64_t bug = 0, vague = 0;
    Labels const of_bug{"priority/p1", "status/ready", "type/bug"};
};

TEST_F(Undoing, AnIssueIsAsItWasAndTheOthersStay) {
    ASSERT_EQ(ours(bug), of_bug);
    auto const others = effects().size();
    auto const run = last_run(bug);
    auto const report = undo(by_issue(bug));
    ASSERT_EQ(report.issues.size(), 1U);
    EXPECT_EQ(report.issues[0].outcome, "undone") << report.issues[0].reason;
    EXPECT_EQ(report.issues[0].removed, of_bug);
    EXPECT_EQ(report.issues[0].reason, "run " + std::to_string(run));
    EXPECT_EQ(ours(bug), Labels{});
    EXPECT_EQ(effects().size(), others + 3);
    EXPECT_EQ(of(bug, "i.labels"), "{}");
    EXPECT_EQ(of(bug, "i.own_labels"), "{}");
    EXPECT_EQ(of(bug, "SELECT mode || ' ' || outcome FROM groomer.run r WHERE r.issue_id = i.id ORDER BY id DESC LIMIT 1"), "undo undone");
    EXPECT_EQ(of(bug, "SELECT count(*) FROM groomer.step t WHERE t.issue_id = i.id AND t.op = 'label.remove' AND t.status = 'done'"), "3");
    EXPECT_EQ(of(bug, "SELECT count(*) FROM groomer.lease l WHERE l.issue_id = i.id"), "0");
    EXPECT_EQ(metric("groomer_issues_groomed_total{outcome=\"applied\",repo=\"o/r\"}"), std::to_string(learned * 2 + 2))
        << "all but the vague one, and this one twice";
    auto const story = run_to_end(*context, store::story(service->store(), {"o/r", bug}));
    ASSERT_EQ(story->runs.size(), 2U);
    EXPECT_EQ(story->runs[1].undone_by, story->runs[0].id);
    EXPECT_TRUE(std::filesystem::exists(folder / "backlog.labelled.json"));
    std::ifstream copy{folder / "backlog.labelled.json"};
    std::string const text{std::istreambuf_iterator<char>{copy}, {}};
    EXPECT_EQ(json::parse(text).as_array()[static_cast<std::size_t>(bug) - 1].at("labels").as_array().size(), 0U);
}

TEST_F(Undoing, ASecondTimeIsNothingToDo) {
    undo(by_issue(bug));
    auto const before = effects().size();
    EXPECT_EQ(undo(by_issue(bug)).claimed, 0U);
    EXPECT_EQ(undo(by_run(last_run(bug))).claimed, 0U);
    EXPECT_EQ(effects().size(), before);
}

TEST_F(Undoing, ItIsNotGroomedAgainBeforeItChanges) {
    undo(by_issue(bug));
    EXPECT_EQ(of(bug, "i.due_at"), "");
    sync();
    EXPECT_EQ(groom_all(), 0U);
    start("mode: apply, abstain_label: needs-a-look");  // another policy: all the others are due again
    EXPECT_EQ(groom_all(), issues.size() - 1);
    EXPECT_EQ(ours(bug), Labels{});
    groom::Target target;
    target.only = tracker::IssueRef{"o/r", bug};
    service->aim(target);
    auto const asked = tick();
    ASSERT_EQ(asked.issues.size(), 1U);
    EXPECT_EQ(asked.issues[0].reason, "what was done to it was taken back, and it has not changed since: only --force grooms it");
    EXPECT_EQ(ours(bug), Labels{});
    EXPECT_EQ(of(bug, "i.due_at"), "");
    target.force = true;
    service->aim(target);
    tick();
    EXPECT_EQ(ours(bug), of_bug);
    EXPECT_EQ(of(bug, "i.undone"), "");
}

TEST_F(Undoing, ItIsGroomedAgainOnceAPersonHasChangedIt) {
    undo(by_issue(bug));
    edit(bug, "panic when saving file number 78");
    EXPECT_EQ(ours(bug), of_bug);
    EXPECT_EQ(of(bug, "i.undone"), "");
}

TEST_F(Undoing, OneThatIsClosedAndOpenedAgainIsGroomed) {
    undo(by_issue(bug));
    for (auto const* state : {"closed", "open"}) {
        at(bug)["state"] = state;
        write();
        sync();
    }
    groom_all();
    EXPECT_EQ(ours(bug), of_bug);
}

// A page that was read before the labels went may be stored after they have gone.
TEST_F(Undoing, AStalePageOfTheSyncDoesNotMakeItLabelledAgain) {
    undo(by_issue(bug));
    database->query(
        "UPDATE groomer.issue SET labels = '{priority/p1,status/ready,type/bug}', own_labels = labels, due_at = now() WHERE number = " +
        std::to_string(bug) + " RETURNING 1");
    sync();
    auto const report = tick();
    ASSERT_EQ(report.issues.size(), 1U);
    EXPECT_EQ(report.issues[0].outcome, "skipped");
    EXPECT_EQ(ours(bug), Labels{});
}

TEST_F(Undoing, OfTwoRunsOneIsTakenBackAloneAndWhatItTookAwayComesBack) {
    ASSERT_EQ(ours(vague), Labels{"needs-triage"});
    edit(vague, "crash when saving file number 79");
    ASSERT_EQ(ours(vague), of_bug);
    auto const report = undo(by_run(last_run(vague)));
    ASSERT_EQ(report.issues.size(), 1U);
    EXPECT_EQ(report.issues[0].added, Labels{"needs-triage"});
    EXPECT_EQ(ours(vague), Labels{"needs-triage"});
    EXPECT_EQ(of(vague, "i.own_labels"), "{needs-triage}");
    sync();
    EXPECT_EQ(groom_all(), 0U) << "its own write is no news";
    EXPECT_EQ(undo(by_issue(vague)).issues.at(0).removed, Labels{"needs-triage"}) << "the run before it";
    EXPECT_EQ(ours(vague), Labels{});
}

TEST_F(Undoing, SinceATimeOnlyWhatCameLaterIsTakenBack) {
    auto const before = effects().size();
    auto const time = value("SELECT clock_timestamp()::text");
    edit(vague, "crash when saving file number 79");
    auto const report = undo(since(time));
    ASSERT_EQ(report.issues.size(), 1U);
    EXPECT_EQ(report.issues[0].ref.number, vague);
    EXPECT_EQ(ours(vague), Labels{"needs-triage"});
    EXPECT_EQ(ours(bug), of_bug);
    EXPECT_EQ(effects().size(), before + 8) << "three labels for one, and back";
    EXPECT_EQ(undo(since(time)).claimed, 0U);
    store::UndoSelection all;
    all.last = 1h;
    auto const rest = undo(all);
    EXPECT_EQ(rest.issues.size(), issues.size());
    for (std::int64_t number = 1; number <= static_cast<std::int64_t>(issues.size()); ++number) EXPECT_EQ(ours(number), Labels{}) << number;
    EXPECT_EQ(undo(all).claimed, 0U);
    sync();
    EXPECT_EQ(groom_all(), 0U);
}

TEST_F(Undoing, ALabelThatAPersonSetSinceIsTheirs) {
    at(bug)["labels"] = json::array{json::object{{"name", "type/bug"}}};  // adopted
    write();
    sync();
    auto const report = undo(by_issue(bug));
    ASSERT_EQ(report.issues.size(), 1U);
    EXPECT_EQ(report.issues[0].removed, (Labels{"priority/p1", "status/ready"}));
    EXPECT_NE(report.issues[0].reason.find("type/bug stays, since somebody else has set it"), std::string::npos) << report.issues[0].reason;
    EXPECT_EQ(of(bug, "i.labels"), "{type/bug}");
    EXPECT_EQ(of(bug, "i.own_labels"), "{}");
    EXPECT_EQ(undo(by_issue(bug)).claimed, 0U);
}

TEST_F(Undoing, ADryRunWritesNothing) {
    auto const before = effects().size();
    auto const state = "SELECT string_agg(i::text, ' ' ORDER BY id) FROM groomer.issue i";
    auto const issues_before = value(state), runs = value("SELECT count(*) FROM groomer.run"),
               steps = value("SELECT count(*) FROM groomer.step");
    auto const report = undo(by_issue(bug), true);
    ASSERT_EQ(report.issues.size(), 1U);
    EXPECT_EQ(report.issues[0].outcome, "planned");
    EXPECT_EQ(report.issues[0].removed, of_bug);
    EXPECT_EQ(effects().size(), before);
    EXPECT_EQ(value(state), issues_before);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.run"), runs);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.step"), steps);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.lease"), "0");
    EXPECT_EQ(undo(by_issue(bug)).issues.at(0).outcome, "undone");
}

TEST_F(Undoing, ClosedIssuesAndThoseInFlightAreLeftAndSaidSo) {
    at(bug)["state"] = "closed";
    at(vague)["labels"] = json::array{json::object{{"name", "status/in-review"}}};
    write();
    sync();
    auto const before = effects().size();
    auto const closed = undo(by_issue(bug)), in_flight = undo(by_issue(vague));
    EXPECT_EQ(closed.issues.at(0).outcome, "skipped");
    EXPECT_NE(closed.issues.at(0).reason.find("it is closed"), std::string::npos);
    EXPECT_NE(in_flight.issues.at(0).reason.find("status/in-review"), std::string::npos);
    EXPECT_EQ(effects().size(), before);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.lease"), "0");
    at(bug)["state"] = "open";
    write();
    sync();
    EXPECT_EQ(undo(by_issue(bug)).issues.at(0).outcome, "undone") << "it was not taken for taken back";
}

TEST_F(Undoing, WhatAHolderDidThatDiedBeforeItsRunWasStoredIsTakenBack) {
    for (auto const& selection : {by_issue(bug), since("2000-01-01T00:00:00Z")}) {
        database->query("DELETE FROM groomer.run RETURNING 1");
        database->query("UPDATE groomer.step SET status = 'planned', ended_at = NULL RETURNING 1");
        auto const report = undo(selection);
        auto const found = std::find_if(report.issues.begin(), report.issues.end(), [&](auto const& one) { return one.ref.number == bug; });
        ASSERT_NE(found, report.issues.end());
        EXPECT_EQ(found->removed, of_bug);
        EXPECT_EQ(found->reason, "what a run did that was never recorded");
        EXPECT_EQ(ours(bug), Labels{});
        EXPECT_EQ(undo(selection).claimed, 0U);
        groom::Target target;
        target.only = tracker::IssueRef{"o/r", bug};
        target.force = true;
        service->aim(target);
        tick();
        ASSERT_EQ(ours(bug), of_bug);
    }
}

TEST_F(Undoing, ItIsDoneWhateverTheModeOfThePolicy) {
    start("mode: dry-run");
    auto const report = undo(by_issue(bug));
    EXPECT_EQ(report.issues.at(0).outcome, "undone");
    EXPECT_EQ(ours(bug), Labels{});
    EXPECT_EQ(of(bug, "SELECT count(*) FROM groomer.run r WHERE r.issue_id = i.id AND mode = 'undo'"), "1");
}

TEST_F(Undoing, TheCommandTakesOneOfThreeSelectionsAndNoOther) {
    service.reset();
    for (auto const& words : std::vector<std::vector<std::string>>{{"undo"},
                                                                   {"undo", "--run", "1", "--since", "2h"},
                                                                   {"undo", "--run", "0"},
                                                                   {"undo", "--issue", "7"},
                                                                   {"undo", "--since", "yesterday"}}) {
        auto const ended = command(words);
        EXPECT_EQ(ended.status, 2) << ended.output;
    }
    EXPECT_EQ(command({"undo", "--run", "987654"}).status, 1);
    EXPECT_EQ(command({"undo", "--issue", "o/r#987654"}).status, 1);
    EXPECT_EQ(ours(bug), of_bug);
}

TEST_F(Undoing, TheCommandTellsWhatItDidAndAlsoWhileGroomerIsPaused) {
    auto const run = std::to_string(last_run(bug));
    service.reset();
    database->query("UPDATE groomer.control SET paused = true RETURNING 1");
    auto const tried = command({"undo", "--run", run, "--dry-run", "--output", "json"});
    EXPECT_EQ(tried.status, 0) << tried.output;
    EXPECT_NE(tried.output.find(R"({"outcome":"undone","dryRun":true,"results":[{"repo":"o/r","issue":)" + std::to_string(bug) +
                                R"(,"outcome":"planned","reason":"run )" + run +
                                R"(","added":[],"removed":["priority/p1","status/ready","type/bug"]}]})"),
              std::string::npos)
        << tried.output;
    EXPECT_EQ(ours(bug), of_bug);
    auto const ended = command({"undo", "--run", run});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_NE(ended.output.find("o/r#" + std::to_string(bug) + "  undone  -priority/p1 -status/ready -type/bug  run " + run + "\n"),
              std::string::npos)
        << ended.output;
    EXPECT_EQ(ours(bug), Labels{});
    auto const again = command({"undo", "--run", run});
    EXPECT_EQ(again.status, 0) << again.output;
    EXPECT_NE(again.output.find("run " + run + " was taken back already, by run "), std::string::npos) << again.output;
    EXPECT_NE(again.output.find("nothing to do"), std::string::npos) << again.output;
    auto const explained = command({"explain", "o/r#" + std::to_string(bug)});
    EXPECT_NE(explained.output.find("taken back by run"), std::string::npos) << explained.output;
}

TEST_F(Undoing, AHeldLockIsNotWaitedFor) {
    service.reset();
    database->query(
        "INSERT INTO sync_lock (id, \"syncRunId\", \"acquiredAt\") VALUES ('groomer', 'another program', now()) "
        "ON CONFLICT (id) DO UPDATE SET \"syncRunId\" = excluded.\"syncRunId\", \"acquiredAt\" = now() RETURNING 1");
    auto const ended = command({"undo", "--since", "1h"});
    EXPECT_EQ(ended.status, 75) << ended.output;
    EXPECT_EQ(ours(bug), of_bug);
}

TEST_F(Undoing, AnEffectThatFailsIsToldAndDoneTheNextTime) {
    service.reset();
    auto const log_path = path.string() + ".groomer.jsonl";
    std::filesystem::rename(log_path, folder / "kept");
    std::filesystem::create_directory(log_path);  // no file can be there
    auto const failed = command({"undo", "--issue", "o/r#" + std::to_string(bug)});
    EXPECT_EQ(failed.status, 1) << failed.output;
    EXPECT_NE(failed.output.find("1 issue is left: run it again"), std::string::npos) << failed.output;
    std::filesystem::remove(log_path);
    std::filesystem::rename(folder / "kept", log_path);
    auto const ended = command({"undo", "--issue", "o/r#" + std::to_string(bug)});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_EQ(ours(bug), Labels{});
}

}  // namespace
}  // namespace groomer::test
