// What a sync finds at GitHub: which issues are there no more, and how far it is with very many.
#include "integration/github/on_github.hpp"

#include <regex>

namespace groomer::test {
namespace {

constexpr char const* small = "octocat/hello-world";

class ASyncOfGithub : public OnGithub {
protected:
    // Five issues that lack labels, and have been groomed.
    void SetUp() override {
        OnGithub::SetUp();
        if (!database) return;
        server.with_state([](State& state) {
            auto& repository = add_labelled(state, small);
            state.add_repository("octocat/elsewhere");
            for (int i = 1; i <= 5; ++i)
                state.add_issue(repository, {.title = "It crashes " + std::to_string(i), .body = "Segmentation fault", .labels = {}});
        });
        configure("apply", "0s", "", small);
        once();
        ASSERT_EQ(asked_for(), (std::set<int>{1, 2, 3, 4, 5}));
    }
    void delete_one_and_transfer_another() {
        server.with_state([by = fake_github::By{.login = "maintainer", .now = server.now()}](State& state) {
            state.delete_issue(state.at(small), 2, by);
            state.transfer_issue(state.at(small), 3, state.at("octocat/elsewhere"), by);
        });
    }
    void once(std::vector<std::string> words = {"once"}) {
        recorder.take();
        database->query("UPDATE groomer.source SET synced_at = synced_at - interval '1 day' RETURNING 1");
        auto const ended = command(std::move(words));
        EXPECT_EQ(ended.status, 0) << ended.output;
    }
    // The issues that the last run asked for one by one.
    std::set<int> asked_for() {
        std::set<int> out;
        auto const lines = recorder.take();
        std::regex const issue{"/issues/(\\d+)"};
        for (std::sregex_iterator at{lines.begin(), lines.end(), issue}, end; at != end; ++at) out.insert(std::stoi((*at)[1]));
        return out;
    }
    std::set<int> gone() {
        std::set<int> out;
        for (auto const& row : database->query("SELECT number FROM groomer.issue WHERE gone")) out.insert(int(row.integer(0)));
        return out;
    }
    void make_all_due() { database->query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE open AND NOT gone RETURNING 1"); }
};

TEST_F(ASyncOfGithub, FindsWhatIsDeletedOrTransferredWhenAFullPassIsDue) {
    delete_one_and_transfer_another();
    once();
    EXPECT_EQ(gone(), std::set<int>{}) << "what is not in the list of changes is not gone for that";
    database->query("UPDATE groomer.source SET cursor = jsonb_set(cursor::jsonb, '{full_began}', '0')::text RETURNING 1");
    make_all_due();
    once();
    EXPECT_EQ(gone(), (std::set<int>{2, 3}));
    EXPECT_EQ(asked_for(), (std::set<int>{1, 4, 5}));
    once({"once", "--force"});
    EXPECT_EQ(asked_for(), (std::set<int>{1, 4, 5}));
}

TEST_F(ASyncOfGithub, LooksOnceForWhatIsDeletedOrTransferredBeforeAFullPass) {
    delete_one_and_transfer_another();
    make_all_due();
    once();
    EXPECT_EQ(asked_for(), (std::set<int>{1, 2, 3, 4, 5}));
    once();
    EXPECT_EQ(asked_for(), std::set<int>{});
    EXPECT_EQ(gone(), std::set<int>{});
}

TEST_F(OnGithub, ALongFirstSyncTellsHowFarItIs) {
    constexpr char const* large = "octocat/large";
    server.with_state([](State& state) {
        fake_github::Fill many;
        many.count = 23'000;  // a tenth of them pull requests
        fake_github::fill(state, state.add_repository(large), many);
    });
    configure("dry-run", "0s", "", large);
    auto const ended = command({"once"});
    ASSERT_EQ(ended.status, 0) << ended.output;
    std::vector<std::int64_t> told;
    std::regex const progress{R"re("msg":"(syncing|synced)".*"issues":(\d+))re"};
    std::string last;
    std::istringstream lines{ended.output};
    for (std::string line; std::getline(lines, line);) {
        std::smatch found;
        if (!std::regex_search(line, found, progress)) continue;
        last = found[1];
        told.push_back(std::stoll(found[2]));
    }
    EXPECT_EQ(std::adjacent_find(told.begin(), told.end(), std::greater_equal<>{}), told.end()) << "each is more than the one before";
    EXPECT_EQ(std::count(told.begin(), told.end(), 20'700), 1);
    EXPECT_EQ(told.size(), 3U) << ended.output;
    for (std::int64_t reached : {10'000, 20'000})
        EXPECT_TRUE(std::any_of(told.begin(), told.end(), [&](auto issues) { return issues >= reached && issues <= reached + 500; }))
            << reached;
    EXPECT_EQ(last, "synced") << ended.output;
    EXPECT_EQ(number("SELECT count(*) FROM groomer.issue"), 20'700);
}

}  // namespace
}  // namespace groomer::test
