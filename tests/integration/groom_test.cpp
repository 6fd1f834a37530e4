// Sync and grooming on a real PostgreSQL and real files, one replica wired as the product wires it.
#include "integration/grooming.hpp"
#include "store/history.hpp"
#include "store/issues.hpp"
#include "store/work.hpp"
#include "tracker/file/file_tracker.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace groomer {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using app::run_to_end;
using app::Service;
using test::clear_bug;
using test::Grooming;
using test::learned;
using test::TestDatabase;

using Labels = std::vector<std::string>;

TEST_F(Grooming, TypesPrioritisesAndGivesAStatus) {
    auto const bug = issue(clear_bug, body_of(clear_bug));
    write();
    start();
    sync();
    EXPECT_EQ(groom_all(), issues.size());
    EXPECT_EQ(labels_set_on(bug), (Labels{"+priority/p1", "+status/ready", "+type/bug"})) << lines.str();
    EXPECT_EQ(outcome(bug), "applied");
    EXPECT_EQ(labels_set_on(1).size(), 2U) << "the type was a person's";
}

TEST_F(Grooming, EveryIssueIsGroomedOnceAndASecondPassChangesNothing) {
    write();
    start();
    sync();
    groom_all();
    auto const before = effects();
    std::set<std::string> unlike;
    for (auto const& effect : before)
        EXPECT_TRUE(unlike.insert(json::serialize(json::value{effect.at("issue"), effect.at("op"), effect.at("label")})).second);
    sync();
    EXPECT_EQ(groom_all(), 0U);
    EXPECT_EQ(effects().size(), before.size());
    EXPECT_TRUE(std::filesystem::exists(folder / "backlog.labelled.json"));
}

TEST_F(Grooming, ALostDatabaseDoesNotMakeItWriteTwice) {
    write();
    start();
    sync();
    groom_all();
    auto const before = effects().size();
    service.reset();
    database = std::make_unique<TestDatabase>();
    start();
    sync();
    EXPECT_EQ(groom_all(), issues.size());
    EXPECT_EQ(effects().size(), before);
}

TEST_F(Grooming, DryRunIsRememberedWritesNothingAndIsPromotedByAChangedPolicy) {
    write();
    start("mode: dry-run");
    sync();
    EXPECT_EQ(groom_all(), issues.size());
    EXPECT_TRUE(effects().empty());
    EXPECT_EQ(outcome(1), "planned");
    EXPECT_EQ(groom_all(), 0U) << "the same revision is not planned twice";
    auto const decisions = value("SELECT count(*) FROM groomer.decision");
    start("mode: apply");
    EXPECT_EQ(groom_all(), issues.size());
    EXPECT_FALSE(effects().empty());
    EXPECT_EQ(outcome(1), "applied");
    EXPECT_NE(value("SELECT count(*) FROM groomer.decision"), "0");
    EXPECT_NE(decisions, "0");
}

TEST_F(Grooming, AnIssueThatNobodyCanTypeCarriesTheAbstainLabel) {
    auto const vague = issue("hm", "");
    write();
    start();
    sync();
    groom_all();
    EXPECT_EQ(labels_set_on(vague), (Labels{"+needs-triage"}));
    EXPECT_EQ(outcome(vague), "abstained");
}

TEST_F(Grooming, LeavesAloneWhatIsInFlightExemptUmbrellaBotMadeOrClosed) {
    auto const in_flight = issue("crash", "", {"status/in-progress"});
    auto const exempt = issue("crash", "", {"hands-off"});
    auto const umbrella = issue("Tracking issue: 2.0", "");
    auto const bot = issue("crash", "");
    at(bot)["user"] = json::object{{"login", "renovate[bot]"}, {"type", "Bot"}};
    auto const closed = issue("crash", "");
    at(closed)["state"] = "closed";
    write();
    start("mode: apply, exempt: [hands-off]");
    sync();
    groom_all();
    for (auto number : {in_flight, exempt, umbrella, bot, closed}) EXPECT_TRUE(labels_set_on(number).empty()) << number;
    EXPECT_EQ(outcome(in_flight), "skipped");
    EXPECT_EQ(outcome(closed), "") << "closed issues are not even taken";
}

TEST_F(Grooming, AChangedIssueIsDueAgainAndAVanishedOneIsNot) {
    auto const vague = issue("hm", "");
    auto const other = issue("hm, too", "");
    write();
    start();
    sync();
    groom_all();
    at(vague)["title"] = clear_bug;
    at(vague)["body"] = body_of(clear_bug);
    issues.erase(issues.begin() + other - 1);
    write();
    sync();
    auto const report = tick();
    ASSERT_EQ(report.issues.size(), 1U);
    EXPECT_EQ(report.issues[0].ref.number, vague);
    auto const labels = labels_set_on(vague);
    EXPECT_NE(std::find(labels.begin(), labels.end(), "-needs-triage"), labels.end());
    EXPECT_NE(std::find(labels.begin(), labels.end(), "+status/ready"), labels.end());
    EXPECT_EQ(value("SELECT gone FROM groomer.issue WHERE number = " + std::to_string(other)), "t");
}

TEST_F(Grooming, AnIssueThatIsChangedWhileItIsGroomedIsDueAgain) {
    auto const number = issue("hm", "");
    write();
    int asked = 0;
    model = [&](tracker::Issue asked_for, config::Policy) -> Task<std::vector<model::Decision>> {
        std::vector<model::Decision> none;
        if (asked_for.ref.number != number || ++asked > 1) co_return none;
        at(number)["title"] = clear_bug;
        at(number)["body"] = body_of(clear_bug);
        write();
        auto syncing = service->sync_loop().once(0s);
        auto const once = co_await std::move(syncing);
        EXPECT_TRUE(once.tick);
        co_return none;
    };
    start();
    sync();
    groom_all();
    EXPECT_EQ(asked, 2) << "what was read before the change is not the last word";
    EXPECT_EQ(value("SELECT title FROM groomer.issue WHERE number = " + std::to_string(number)), clear_bug);
    EXPECT_EQ(value("SELECT due_at > clock_timestamp() + interval '1 day' FROM groomer.issue WHERE number = " + std::to_string(number)),
              "t");
    auto const labels = labels_set_on(number);
    EXPECT_NE(std::find(labels.begin(), labels.end(), "+status/ready"), labels.end());
}

TEST_F(Grooming, APersonsLabelThatCameLaterTakesTheFamilyOver) {
    auto const bug = issue(clear_bug, body_of(clear_bug));
    write();
    start();
    sync();
    groom_all();
    at(bug)["labels"] = json::array{json::object{{"name", "type/question"}}};  // a newer export: a person disagreed
    write();
    sync();
    groom_all();
    auto const labels = labels_set_on(bug);
    EXPECT_NE(std::find(labels.begin(), labels.end(), "-type/bug"), labels.end()) << "ours goes, theirs stays";
    EXPECT_EQ(std::count(labels.begin(), labels.end(), "-type/question"), 0);
}

TEST_F(Grooming, ALabelThatAPersonSetsAfterOursWasRemovedStays) {
    auto const bug = issue(clear_bug, body_of(clear_bug));
    write();
    start();
    sync();
    groom_all();
    auto const set = [&](std::string const& label) {
        at(bug)["labels"] = label.empty() ? json::array{} : json::array{json::object{{"name", label}}};
        write();
        sync();
        groom_all();
    };
    set("type/question");  // ours goes
    auto const before = labels_set_on(bug);
    set("type/bug");  // and now a person says what we had said
    auto const after = labels_set_on(bug);
    EXPECT_EQ(before, after) << "nothing to write: the label is theirs";
    auto const story = run_to_end(*context, store::story(service->store(), {"o/r", bug}));
    EXPECT_EQ(std::count(story->labels.begin(), story->labels.end(), "type/bug"), 1);
    EXPECT_EQ(std::count(story->own_labels.begin(), story->own_labels.end(), "type/bug"), 0);
    EXPECT_EQ(metric("groomer_human_overrides_total{family=\"type\"}"), "1");
    EXPECT_EQ(value("SELECT string_agg(f, ' ') FROM groomer.run, unnest(overridden) f"), "type") << "and for the status page";
}

TEST_F(Grooming, WhatAPersonCorrectsIsLearned) {
    auto const bug = issue(clear_bug, body_of(clear_bug));
    write();
    start();
    sync();
    groom_all();
    auto const set = labels_set_on(bug);
    ASSERT_NE(std::find(set.begin(), set.end(), "+type/bug"), set.end());
    auto const learned_from = [this](int examples) {
        return lines.str().find("\"family\":\"type\",\"examples\":" + std::to_string(examples) + ",") != std::string::npos;
    };
    EXPECT_TRUE(learned_from(2 * learned));
    EXPECT_FALSE(learned_from(2 * learned + 1));
    at(bug)["labels"] = json::array{json::object{{"name", "type/feature"}}};
    write();
    sync();
    start();  // a replica that has learned nothing yet
    groom_all();
    EXPECT_TRUE(learned_from(2 * learned + 1)) << lines.str();
}

TEST_F(Grooming, ALabelThatAPersonTookAwayIsNotSetAgain) {
    auto const bug = issue(clear_bug, body_of(clear_bug), {"type/bug"});
    write();
    start();
    sync();
    groom_all();
    at(bug)["labels"] = json::array{};  // a newer export, without the label that a person had set
    write();
    sync();
    groom_all();
    auto const labels = labels_set_on(bug);
    EXPECT_EQ(std::count(labels.begin(), labels.end(), "+type/bug"), 0);
    EXPECT_NE(value("SELECT reason FROM groomer.issue WHERE number = " + std::to_string(bug)).find("a person removed type/bug"),
              std::string::npos);
}

TEST_F(Grooming, ALabelOfOursThatAPersonAdoptedAndThenTookAwayGoes) {
    auto const bug = issue(clear_bug, body_of(clear_bug));
    write();
    start();
    sync();
    groom_all();
    at(bug)["labels"] = json::array{json::object{{"name", "type/bug"}}};  // adopted: they carried our effect over
    write();
    sync();
    groom_all();
    at(bug)["labels"] = json::array{};  // and thought better of it
    write();
    sync();
    groom_all();
    auto const labels = labels_set_on(bug);
    EXPECT_EQ(std::count(labels.begin(), labels.end(), "+type/bug"), 1);
    EXPECT_EQ(std::count(labels.begin(), labels.end(), "-type/bug"), 1) << "our effect is taken back";
    groom::Target target;
    target.only = tracker::IssueRef{"o/r", bug};
    service->aim(target);
    tick();
    EXPECT_EQ(labels_set_on(bug), labels) << "and not repeated";
}

TEST_F(Grooming, ARepositoryThatIsSpelledAnotherWayIsTheSame) {
    issue("hm", "", {}, "Octo/Hello");
    write();
    start();
    sync();
    groom_all();
    auto const before = effects().size();
    for (auto& entry : issues)
        if (entry.at("repository_url") == "https://api.github.com/repos/Octo/Hello")
            entry.as_object()["repository_url"] = "https://api.github.com/repos/octo/hello";
    write();
    sync();
    groom_all();
    EXPECT_EQ(effects().size(), before);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.repository WHERE lower(name) = 'octo/hello'"), "1");
    EXPECT_EQ(value("SELECT count(*) FROM groomer.issue WHERE gone"), "0");
}

TEST_F(Grooming, LabelsAndRepositoriesAreComparedWithoutCase) {
    auto const bug = issue(clear_bug, body_of(clear_bug), {"Type/Feature"});
    auto const worked_on = issue(clear_bug, body_of(clear_bug), {"Status/In-Progress"});
    write();
    start();
    sync();
    groom_all();
    auto const labels = labels_set_on(bug);
    EXPECT_EQ(std::count_if(labels.begin(), labels.end(), [](auto const& l) { return l.starts_with("+type/"); }), 0) << "a person set it";
    EXPECT_TRUE(labels_set_on(worked_on).empty());
    groom::Target target;
    target.only = tracker::IssueRef{"O/R", bug};
    service->aim(target);
    EXPECT_EQ(tick().issues.size(), 1U);
}

TEST_F(Grooming, ForceTakesWhatIsNotDue) {
    write();
    start("mode: apply, batch: 10");
    sync();
    groom_all();
    groom::Target target;
    target.repo = "o/r";
    service->aim(target);
    EXPECT_TRUE(tick().issues.empty());
    target.force = true;
    service->aim(target);
    auto const report = tick();
    EXPECT_EQ(report.issues.size(), 10U);
    auto const first = [](auto const& groomed) { return groomed.ref.number == 1; };
    EXPECT_TRUE(std::any_of(report.issues.begin(), report.issues.end(), first)) << "those that were longest not groomed";
}

TEST_F(Grooming, EachSourceHasABatchOfItsOwn) {
    std::ofstream{folder / "other.json"} << json::serialize(issues);
    for (auto& entry : issues) entry.as_object()["repository_url"] = "https://api.github.com/repos/second/repo";
    write();
    start("mode: apply, batch: 20");
    config::Source source;
    source.path = "test.yaml";
    source.text = "database: {url: \"" + database->url() +
                  "\"}\nrepositories:\n  - {name: local/backlog, tracker: file, path: " + path.string() +
                  "}\n  - {name: local/other, tracker: file, path: " + (folder / "other.json").string() +
                  ", policy: {batch: 3}}\npolicy: {mode: apply, batch: 20}\n";
    service->configure(config::load(source).config);
    sync();
    auto const report = tick();
    EXPECT_EQ(report.issues.size(), 20U);
    EXPECT_EQ(std::count_if(report.issues.begin(), report.issues.end(), [](auto const& g) { return g.ref.repo == "o/r"; }), 3);
    EXPECT_TRUE(report.full);
}

TEST_F(Grooming, TheBacklogIsShownWhileTicksFollowOneAnotherAndItsSeriesBeginAtZero) {
    write();
    start("mode: apply, batch: 5");
    sync();
    tick();
    EXPECT_EQ(metric("groomer_backlog_issues{repo=\"o/r\"}"), std::to_string(issues.size() - 5));
    EXPECT_EQ(metric("groomer_issues_groomed_total{outcome=\"partial\",repo=\"o/r\"}"), "0");
    EXPECT_EQ(metric("groomer_issues_groomed_total{outcome=\"noop\",repo=\"local/backlog\"}"), "") << "it is no repository";
    service->metrics().stand_back();  // others tick in between
    tick();
    EXPECT_NE(metric("groomer_backlog_issues{repo=\"o/r\"}"), "") << "the replica that ticked last shows it";
}

TEST_F(Grooming, AnEffectsFileThatAnotherKeepsLockedIsNoFaultOfTheIssues) {
    issue("hm", "");
    write();
    start();
    sync();
    auto const log_path = path.string() + ".groomer.jsonl";
    int const fd = ::open(log_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_EQ(::flock(fd, LOCK_EX), 0);
    auto const once = run_to_end(*context, service->groom_loop().once(1s));
    ::close(fd);
    EXPECT_EQ(once.tick->outcome, reconcile::TickOutcome::error);
    EXPECT_FALSE(once.tick->clean) << "a write was not answered";
    EXPECT_EQ(value("SELECT count(*) FROM groomer.issue WHERE failures > 0 OR outcome IN ('failed', 'partial')"), "0");
    groom_all();
    EXPECT_EQ(value("SELECT pending FROM groomer.progress"), "0");
}

TEST_F(Grooming, WhatADeadHolderHadClaimedIsTakenByTheNextTermAtOnce) {
    write();
    start();
    sync();
    {
        // A holder that claims and then dies: its row is expired by hand.
        auto bid = lock::Bid{};
        pg::Pool pool{database->options(), 1, {}};
        auto const store = lock::make_lock_store(pool, pool, {"dead", "", "dead"});
        bid.lock = "groomer";
        bid.forced = true;
        bid.seen = run_to_end(*context, store->look("groomer")).value();
        auto const grant = run_to_end(*context, store->acquire(bid)).grant.value();
        SystemClock clock;
        lock::Hold hold{clock, {"groomer", grant.token, grant.term, 5s, 0ms}, clock.now(), clock.now()};
        store::Store work{pool, clock, [] {}};
        store::ClaimOptions options{{{"local/backlog", 50}}, 10min, {}, {}, false};
        auto const claimed = run_to_end(*context, store::claim(work, hold, options));
        EXPECT_EQ(claimed.issues.size(), 50U);
        EXPECT_TRUE(claimed.full);
        EXPECT_EQ(claimed.issues.front().ref.number, 1);
        auto const again = run_to_end(*context, store::claim(work, hold, options));
        EXPECT_EQ(again.issues.size(), issues.size() - 50) << "what is claimed is not claimed twice";
        EXPECT_FALSE(again.full);
        database->query("UPDATE sync_lock SET \"acquiredAt\" = clock_timestamp() - interval '6 s'");
        EXPECT_EQ(tick().issues.size(), 50U);
        EXPECT_THROW(run_to_end(*context, store::claim(work, hold, options)), store::HoldLost);
    }
    groom_all();
    EXPECT_EQ(value("SELECT count(*) FROM groomer.issue WHERE groomed_at IS NULL"), "0");
}

TEST_F(Grooming, TakesRepositoriesInTurn) {
    for (int i = 0; i < 3; ++i) issue("hm " + std::to_string(i), "", {}, "second/repo");
    write();
    start("mode: apply, batch: 6");
    sync();
    auto const report = tick();
    ASSERT_EQ(report.issues.size(), 6U);
    EXPECT_EQ(std::count_if(report.issues.begin(), report.issues.end(), [](auto const& g) { return g.ref.repo == "second/repo"; }), 3);
    EXPECT_TRUE(report.full);
}

TEST_F(Grooming, OneIssueCanBeGroomedWhenItIsNotDue) {
    write();
    start();
    sync();
    groom_all();
    groom::Target target;
    target.only = tracker::IssueRef{"o/r", 3};
    service->aim(target);
    auto const report = tick();
    ASSERT_EQ(report.issues.size(), 1U);
    EXPECT_EQ(report.issues[0].ref.number, 3);
    EXPECT_EQ(report.issues[0].outcome, "noop");
}

TEST_F(Grooming, HostileEntriesAreSkippedAndTheRestGoesOn) {
    auto const odd = issue("nul \x01 and \xff bytes", std::string(300'000, 'y'), {"type/bug", "type/bug"});
    issues.push_back(json::object{{"title", "no number"}});
    issues.push_back(json::object{{"number", 99999}});
    issues.push_back("no object");
    write();
    start();
    sync();
    groom_all();
    EXPECT_EQ(service->last_sync().skipped, 3);
    EXPECT_NE(outcome(odd), "");
    EXPECT_EQ(value("SELECT count(*) FROM groomer.issue"), std::to_string(issues.size() - 3));
}

TEST_F(Grooming, LabelsOfOursStayOursWhileAnIssueIsInFlightOrTheDatabaseIsNew) {
    auto const bug = issue(clear_bug, body_of(clear_bug));
    write();
    start();
    sync();
    groom_all();
    auto const own = "SELECT own_labels::text FROM groomer.issue WHERE number = " + std::to_string(bug);
    EXPECT_EQ(value(own), "{priority/p1,status/ready,type/bug}");
    at(bug)["labels"] = json::array{json::object{{"name", "status/in-progress"}}};
    write();
    sync();
    groom_all();
    EXPECT_EQ(outcome(bug), "skipped");
    EXPECT_EQ(value(own), "{priority/p1,status/ready,type/bug}") << "or the local model would learn from itself";
    service.reset();
    database = std::make_unique<TestDatabase>();
    start();
    sync();
    EXPECT_EQ(value(own), "{priority/p1,status/ready,type/bug}");
}

TEST_F(Grooming, ARepositoryThatTwoFilesNameIsServedByTheFirst) {
    write();
    std::filesystem::copy_file(path, folder / "second.json");
    start("mode: apply", "");
    config::Source source;
    source.path = "test.yaml";
    source.text = "database: {url: \"" + database->url() +
                  "\"}\nrepositories:\n  - {name: local/backlog, tracker: file, path: " + path.string() +
                  "}\n  - {name: local/second, tracker: file, path: " + (folder / "second.json").string() + "}\npolicy: {mode: apply}\n";
    service.reset();
    loaded = config::load(source);
    service = std::make_unique<Service>(loaded.config, std::map<std::string, std::string>{{"POD_NAME", "test"}}, log, *context);
    sync();
    EXPECT_EQ(service->last_sync().skipped, static_cast<std::int64_t>(issues.size()));
    EXPECT_NE(lines.str().find("another configured source"), std::string::npos);
    groom_all();
    EXPECT_EQ(value("SELECT count(*) FROM groomer.issue WHERE outcome = 'applied'"), std::to_string(issues.size()));
}

TEST_F(Grooming, ALabelOrRepositoryThatIsTooLongHoldsUpNobody) {
    auto const odd = issue("hm", "", {std::string(9000, 'l')});
    issue("hm", "", {}, "o/" + std::string(9000, 'r'));
    write();
    start();
    sync();
    EXPECT_EQ(service->last_sync().skipped, 1);
    groom_all();
    EXPECT_EQ(labels_set_on(odd), (Labels{"+needs-triage"}));
}

TEST_F(Grooming, WritesThatFailAreToldAndNotCountedAsGroomed) {
    auto const vague = issue("hm", "");
    write();
    start();
    sync();
    std::filesystem::create_directory(path.string() + ".groomer.jsonl");  // no file can be there
    auto const once = run_to_end(*context, service->groom_loop().once(1s));
    EXPECT_EQ(once.tick->outcome, reconcile::TickOutcome::error);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.issue WHERE outcome IN ('applied', 'abstained')"), "0");
    EXPECT_NE(value("SELECT pending FROM groomer.progress"), "0");
    EXPECT_EQ(outcome(vague) == "applied", false);
}

TEST_F(Grooming, AMissingFileFailsTheSyncAndKeepsWhatIsKnown) {
    write();
    start();
    sync();
    std::filesystem::rename(path, folder / "elsewhere.json");
    auto const once = run_to_end(*context, service->sync_loop().once(0s));
    EXPECT_EQ(once.tick->outcome, reconcile::TickOutcome::error);
    EXPECT_EQ(service->last_sync().failed, (Labels{"local/backlog"}));
    EXPECT_NE(lines.str().find("backlog.json"), std::string::npos);
    EXPECT_EQ(value("SELECT count(*) FROM groomer.issue WHERE gone"), "0");
}

TEST_F(Grooming, TheStoryOfAnIssueSaysWhatWasDecidedAndWhenItIsDue) {
    write();
    start();
    sync();
    groom_all();
    auto const story = run_to_end(*context, store::story(service->store(), {"o/r", 1}));
    ASSERT_TRUE(story);
    EXPECT_EQ(story->outcome, "applied");
    ASSERT_EQ(story->runs.size(), 1U);
    EXPECT_EQ(story->runs[0].pod, "test");
    EXPECT_GT(story->due_in, 24 * 3600);
}

}  // namespace
}  // namespace groomer
