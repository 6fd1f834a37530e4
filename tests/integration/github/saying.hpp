// Issues on the fake GitHub whose model has something to say: what several tests of groomer's texts share.
#pragma once

#include "fake_model/server.hpp"
#include "integration/github/on_github.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace groomer::test {

inline constexpr char const* of_octocat = "octocat/hello-world";
inline std::string const crash =
    "Steps to reproduce:\n1. hello empty.txt\n\nExpected: nothing. Actual: it ends at once with a segmentation fault, and says nothing of "
    "why that is, whatever is in the "
    "file.";

class Saying : public OnGithub {
protected:
    void SetUp() override {
        OnGithub::SetUp();
        if (!database) return;
        server.with_state([](State& state) {
            auto& repository = add_labelled(state, of_octocat);
            for (auto const* title : {"It crashes on an empty file", "It freezes on an empty file", "It hangs on an empty file"})
                state.add_issue(repository, {.title = title, .body = crash, .user = "reporter", .labels = {"type/bug"}});
        });
        say("suggest, comments: {cooldown: 0s}");
    }
    void say(std::string const& policy) { configure(policy, "0s", "", of_octocat); }

    // Everything is due, and a sync, too.
    Ended look() {
        if (started > 0) database->query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE open RETURNING 1");
        return sync();
    }
    // Only what a sync finds to have changed is due.
    Ended sync() {
        if (started > 0) database->query("UPDATE groomer.source SET synced_at = synced_at - interval '1 day' RETURNING 1");
        auto ended = command({"once"});
        EXPECT_EQ(ended.status, 0) << ended.output;
        return ended;
    }
    // "comment.add groomer", in their order; those of one issue.
    std::vector<std::string> acts(std::int64_t issue) {
        std::vector<std::string> out;
        for (auto const& effect : effects())
            if (effect.at("issue").to_number<std::int64_t>() == issue && effect.at("actor") != "reporter" &&
                effect.at("actor") != "maintainer")
                out.emplace_back(std::string{effect.at("what").as_string()} +
                                 (effect.contains("label") ? " " + std::string{effect.at("label").as_string()} : ""));
        return out;
    }
    // How our comment reads.
    std::string comment(std::int64_t issue) {
        return server.with_state([&](State& state) {
            std::string text = "none";
            auto const& one = state.issue(of_octocat, issue);
            if (one.history)
                for (auto const& comment : one.history->comments)
                    if (comment.body.find("<!-- groomer:") != std::string::npos) text = comment.body;
            return text;
        });
    }
    void person(std::function<void(State&, fake_github::Repository&, fake_github::By const&)> const& act) {
        server.with_state([&](State& state) { act(state, state.at(of_octocat), {.login = "maintainer", .now = server.now()}); });
    }
    void retitle(std::int64_t issue, std::string const& title) {
        person([&](State& state, auto& repository, auto const& by) {
            state.edit_issue(repository, state.issue(of_octocat, issue), {.title = title, .body = {}, .open = {}}, by);
        });
    }
    void label(std::int64_t issue, std::vector<std::string> const& names) {
        person([&](State& state, auto& repository, auto const& by) {
            state.add_labels(repository, state.issue(of_octocat, issue), names, by);
        });
    }
    std::string text(std::string const& sql) { return database->query(sql).at(0).text(0); }
    std::string last_run(std::int64_t issue, std::string const& column) {
        return text("SELECT r." + column + " FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id WHERE i.number = " +
                    std::to_string(issue) + " ORDER BY r.id DESC LIMIT 1");
    }
    void expect_no_label() {
        for (auto const& effect : effects())
            EXPECT_TRUE(effect.at("actor") != "groomer" || effect.at("what").as_string().starts_with("comment."))
                << boost::json::serialize(effect);
    }

    using Acts = std::vector<std::string>;
};

// An answer for the families of this configuration; comment: "" where none is asked for.
inline std::string answer(std::string const& verdict, std::string const& gaps, std::string const& comment = "null",
                          std::string const& more = "") {
    auto const decision = [](std::string const& value) {
        return R"({"value":")" + value + R"(","confidence":0.95,"reason":"It says so."})";
    };
    return R"({"verdict":{"actionability":")" + verdict + R"(","confidence":0.97,"work_type":"bug"},"decisions":{"type":)" +
           decision("type/bug") + R"(,"priority":)" + decision("priority/p2") +
           R"(},"summary":"It breaks.","rationale":"So it is.","gaps":)" + gaps + R"(,"duplicate_of":null,"related":[])" +
           (comment.empty() ? "" : R"(,"comment":)" + comment) + more + "}";
}

class Asking : public Saying {
protected:
    void SetUp() override {
        Saying::SetUp();
        if (!database) return;
        environment = {{"GROOMER_MODEL_API_KEY", "sk-the-secret"}};
        mind([](auto const&) { return answer("needs_info", R"(["The version that you use."])"); });
        ask("apply, comments: {enabled: true, cooldown: 0s}");
        model_server.with_state([](fake_model::State& state) { state.keys.insert("sk-the-secret"); });
    }
    void ask(std::string const& policy) {
        say(policy);
        std::ofstream{folder / "c.yaml", std::ios::app} << "model: {provider: openai, name: m-1, base_url: \"" << model_server.url()
                                                        << "/v1\"}\n";
    }
    void mind(fake_model::Mind mind) {
        model_server.with_state([&](fake_model::State& state) { state.mind = std::move(mind); });
    }
    std::size_t asked() {
        return model_server.with_state([](fake_model::State& state) { return state.log.entries().size(); });
    }
    // In another second than whatever was done before: GitHub tells no smaller ones apart.
    void reporter_says(std::int64_t issue, std::string const& words) {
        server.with_state([&](State& state) {
            state.add_comment(state.at(of_octocat), state.issue(of_octocat, issue), words, {.login = "reporter", .now = server.now() + 2s});
        });
    }

    Acts const labelled_and_asked{"label.add priority/p2", "label.add status/needs-info", "comment.add"};
    fake_model::Server model_server;
};

}  // namespace groomer::test
