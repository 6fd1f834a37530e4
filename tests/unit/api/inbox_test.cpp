#include "api/inbox.hpp"

#include "pg/session.hpp"
#include "support/fake_clock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace groomer::api {
namespace {

using namespace std::chrono_literals;

// On virtual time; the database and GitHub are what the test says.
class InboxTest : public testing::Test {
protected:
    ~InboxTest() override {
        inbox_.finish();
        github_answers_.notify();
        clock_.advance(1min);
    }
    void begin() {
        asio::co_spawn(context_, inbox_.run(), [this](std::exception_ptr failure) {
            ended_ = true;
            EXPECT_FALSE(failure);
        });
        clock_.advance(0ms);
    }
    static Event event(std::string const& sender, std::int64_t issue, bool sync = false) {
        Event out;
        out.repo = issue > 0 ? "octo/quill" : "";
        out.issue = issue;
        out.sync = sync;
        out.sender = sender;
        return out;
    }
    Task<store::MadeDue> make_due(std::vector<tracker::IssueRef> issues) {
        ++statements_;
        if (database_fails_) throw pg::DatabaseError{"away", "", true};
        if (throws_) throw std::logic_error{"a defect"};
        for (auto const& issue : issues) due_.push_back(issue.number);
        co_return store::MadeDue{};
    }
    Task<> ask_for_sync() {
        ++syncs_;
        co_return;
    }
    Task<Inbox::Account> own_account() {
        ++questions_;
        if (github_fails_) throw Error{ErrorCode::failure, "no answer"};
        while (github_hangs_) co_await github_answers_.wait_until(clock_, BootTime::time_point::max());
        co_return Inbox::Account{"Groomer[bot]", 0};
    }
    std::string due() {
        std::string out;
        for (auto const number : std::exchange(due_, {})) out += (out.empty() ? "" : ",") + std::to_string(number);
        return out;
    }
    [[nodiscard]] bool says(std::string const& text) const { return lines_.str().find(text) != std::string::npos; }

    asio::io_context context_{1};
    test::FakeClock clock_{context_};
    std::ostringstream lines_;
    Log log_{lines_, LogLevel::info, Log::Format::json};
    Wakeup github_answers_{context_.get_executor()};
    bool database_fails_ = false, throws_ = false, github_fails_ = false, github_hangs_ = false, ended_ = false;
    int statements_ = 0, syncs_ = 0, questions_ = 0;
    std::vector<std::int64_t> due_;
    Inbox inbox_{{clock_, log_, context_.get_executor(), [this](auto issues) { return make_due(std::move(issues)); },
                  [this] { return ask_for_sync(); }, [this] { return own_account(); },
                  [](std::string_view login) { return login.ends_with("[bot]"); }}};
};

TEST_F(InboxTest, LeavesOutWhateverGroomerHasDoneItself) {
    begin();
    inbox_.put(event("groomer[bot]", 3, true), {});
    inbox_.put(event("groomer[bot]", 4), {});
    inbox_.put(event("groomer[bot]", 0, true), {});
    inbox_.put(event("other[bot]", 5), {});
    clock_.advance(1s);
    EXPECT_EQ(due(), "5");
    EXPECT_EQ(syncs_, 0);
    EXPECT_EQ(inbox_.size(), 0U);
    inbox_.put(event("other[bot]", 0, true), {});
    clock_.advance(1s);
    EXPECT_EQ(syncs_, 1);
}

TEST_F(InboxTest, TakesWhatAnybodyElseHasDoneToTheSameIssue) {
    begin();
    inbox_.put(event("groomer[bot]", 3), {"192.0.2.7", "of our own doing"});
    inbox_.put(event("other[bot]", 3), {"192.0.2.7", "of another's"});
    clock_.advance(1s);
    EXPECT_EQ(due(), "3");
    EXPECT_TRUE(says(
        R"("msg":"taken","component":"audit","method":"POST","route":"/api/github/webhook","by":"webhook","client":"192.0.2.7","what":"of another's","outcome":"due")"))
        << lines_.str();
    EXPECT_FALSE(says("of our own doing"));
    inbox_.put(event("groomer[bot]", 3), {});
    inbox_.put(event("alice", 3), {});
    clock_.advance(1s);
    EXPECT_EQ(due(), "3");
}

TEST_F(InboxTest, StoresWhatIsSurelyForeignWhileGithubDoesNotAnswerWhoWeAre) {
    github_hangs_ = true;
    begin();
    inbox_.put(event("other[bot]", 3), {});
    inbox_.put(event("alice", 4), {});
    clock_.advance(1s);
    EXPECT_EQ(due(), "4");
    inbox_.put(event("bob", 5), {});
    inbox_.put(event("", 6), {});
    clock_.advance(1s);
    EXPECT_EQ(due(), "5,6");
    EXPECT_EQ(inbox_.size(), 1U);
    github_hangs_ = false;
    github_answers_.notify();
    clock_.advance(1s);
    EXPECT_EQ(due(), "3");
    EXPECT_EQ(questions_, 1);
}

TEST_F(InboxTest, RemembersForAWhileThatGithubDoesNotTellWhoWeAre) {
    github_fails_ = true;
    begin();
    for (int i = 1; i <= 20; ++i) {
        inbox_.put(event("groomer[bot]", i), {});
        clock_.advance(1s);
    }
    EXPECT_EQ(questions_, 1);
    EXPECT_EQ(inbox_.size(), 0U) << "it counts as somebody else's: that costs a look";
    clock_.advance(15s);
    inbox_.put(event("groomer[bot]", 1), {});
    clock_.advance(1s);
    EXPECT_EQ(questions_, 2);
    clock_.advance(35s);
    inbox_.put(event("groomer[bot]", 1), {});
    clock_.advance(1s);
    EXPECT_EQ(questions_, 2) << "and then for longer";
    github_fails_ = false;
    clock_.advance(10min);
    due();
    inbox_.put(event("groomer[bot]", 1), {});
    clock_.advance(1s);
    EXPECT_EQ(questions_, 3);
    EXPECT_EQ(due(), "");
}

TEST_F(InboxTest, KeepsWhatADatabaseThatIsAwayDoesNotTake) {
    database_fails_ = true;
    begin();
    inbox_.put(event("alice", 3), {});
    clock_.advance(10s);
    EXPECT_GE(statements_, 9);
    EXPECT_LE(statements_, 11);
    EXPECT_EQ(inbox_.size(), 1U);
    database_fails_ = false;
    clock_.advance(1s);
    EXPECT_EQ(due(), "3");
    EXPECT_EQ(syncs_, 0);
}

TEST_F(InboxTest, OutlivesWhatItCannotTreatAndLeavesItToASync) {
    throws_ = true;
    begin();
    inbox_.put(event("alice", 3), {});
    clock_.advance(2s);
    EXPECT_TRUE(says("a defect") && says("\"error\"")) << lines_.str();
    EXPECT_EQ(statements_, 1) << "it is not in the way for ever";
    EXPECT_EQ(syncs_, 1);
    throws_ = false;
    inbox_.put(event("alice", 4), {});
    clock_.advance(1s);
    EXPECT_EQ(due(), "4");
    EXPECT_FALSE(ended_);
}

TEST_F(InboxTest, StoresWhatThereIsBeforeItEnds) {
    github_hangs_ = true;
    begin();
    clock_.advance(1s);
    inbox_.put(event("alice", 3), {});
    inbox_.put(event("other[bot]", 4), {});
    inbox_.put(event("alice", 0, true), {});
    inbox_.finish();
    clock_.advance(1s);
    EXPECT_TRUE(ended_);
    EXPECT_EQ(due(), "3,4") << "what may be ours, too: nobody waits for an answer any more";
    EXPECT_EQ(syncs_, 1);
}

TEST_F(InboxTest, EndsWhereTheDatabaseIsAway) {
    database_fails_ = true;
    begin();
    inbox_.put(event("alice", 3), {});
    clock_.advance(5s);
    auto const before = statements_;
    inbox_.finish();
    clock_.advance(2s);
    EXPECT_TRUE(ended_);
    EXPECT_EQ(statements_, before + 1);
    EXPECT_TRUE(says("left to the next sync"));
}

TEST_F(InboxTest, AsksForASyncSeldom) {
    begin();
    for (int i = 0; i < 100; ++i) {
        inbox_.put(event("alice", 0, true), {});
        clock_.advance(100ms);
    }
    EXPECT_LE(syncs_, 3);
    clock_.advance(10s);
    EXPECT_GE(syncs_, 2);
}

}  // namespace
}  // namespace groomer::api
