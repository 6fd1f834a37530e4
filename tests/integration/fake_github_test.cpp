// The fake GitHub as a client sees it, by raw requests: what it has, what it changes, and what it refuses.
#include "fake_github/jwt.hpp"
#include "fake_github/scene.hpp"
#include "fake_github/seed.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace groomer::fake_github::test {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using Texts = std::vector<std::string>;

Texts texts(json::value const& list, std::string_view field) {
    Texts out;
    for (auto const& element : list.as_array()) out.emplace_back(element.at(field).as_string().c_str());
    return out;
}

// Every page from `target` on, by the links alone.
std::vector<std::int64_t> numbers_by_links(
    Scene& scene, std::string target, std::function<void()> const& between = [] {}) {
    std::vector<std::int64_t> numbers;
    for (int pages = 0; !target.empty() && pages < 100; ++pages) {
        auto const page = scene.get(target);
        EXPECT_EQ(page.status, 200) << page.body;
        auto const issues = page.json();
        for (auto const& issue : issues.as_array()) numbers.push_back(issue.at("number").as_int64());
        target = page.link("next");
        between();
    }
    return numbers;
}

TEST(FakeGithub, an_issue_has_the_shape_that_github_gives_it) {
    Scene scene;
    auto const answer = scene.get(issue_path);
    ASSERT_EQ(answer.status, 200);
    auto const issue = answer.json().as_object();
    EXPECT_EQ(issue.at("title"), "It panics");
    EXPECT_EQ(issue.at("state"), "open");
    EXPECT_EQ(issue.at("user").at("type"), "User");
    EXPECT_EQ(texts(issue.at("labels"), "name"), (Texts{"theirs"}));
    EXPECT_TRUE(issue.at("closed_at").is_null());
    EXPECT_FALSE(issue.contains("pull_request"));
    EXPECT_EQ(issue.at("repository_url").as_string(), scene.server.url() + "/repos/octo/quill");
    EXPECT_EQ(answer.header("x-github-api-version-selected"), "2022-11-28");
    EXPECT_EQ(answer.header("x-oauth-scopes"), "repo");
    EXPECT_EQ(answer.header("date"), "Mon, 01 Jan 2024 00:00:00 GMT");
    EXPECT_FALSE(answer.header("x-github-request-id").empty());
}

TEST(FakeGithub, labels_are_added_once_and_unknown_ones_are_created) {
    Scene scene;
    scene.server.advance(10s);
    auto const added = scene.post(issue_path + "/labels", R"({"labels": ["type/bug", "THEIRS", "type/bug"]})");
    ASSERT_EQ(added.status, 200) << added.body;
    EXPECT_EQ(texts(added.json(), "name"), (Texts{"theirs", "type/bug"}));
    EXPECT_EQ(scene.effects(), (Texts{"label.create", "label.add"}));
    EXPECT_EQ(scene.get(issue_path).json().at("updated_at"), "2024-01-01T00:00:10Z");
    EXPECT_EQ(scene.get("/repos/octo/quill/labels/type%2Fbug").json().at("color"), "ededed");

    scene.server.advance(10s);
    EXPECT_EQ(scene.post(issue_path + "/labels", R"(["Type/Bug"])").status, 200);
    EXPECT_EQ(scene.effects().size(), 2U);
    EXPECT_EQ(scene.get(issue_path).json().at("updated_at"), "2024-01-01T00:00:10Z");
    auto const events = scene.get(issue_path + "/events").json().as_array();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].at("event"), "labeled");
    EXPECT_EQ(events[0].at("label").at("name"), "type/bug");
    EXPECT_EQ(events[0].at("actor").at("login"), "groomer");
}

TEST(FakeGithub, labels_are_removed_by_name_whatever_is_in_it) {
    Scene scene;
    scene.post(issue_path + "/labels", R"(["50% off/🐛 now"])");
    auto const path = issue_path + "/labels/50%25%20OFF%2F%F0%9F%90%9B%20now";
    auto const removed = scene.ask({"DELETE", path});
    ASSERT_EQ(removed.status, 200) << removed.body;
    EXPECT_EQ(texts(removed.json(), "name"), (Texts{"theirs"}));
    auto const again = scene.ask({"DELETE", path});
    EXPECT_EQ(again.status, 404);
    EXPECT_EQ(again.message(), "Label does not exist");
    EXPECT_EQ(scene.ask({"DELETE", issue_path + "/labels/50%2"}).status, 400);
    EXPECT_EQ(scene.effects(), (Texts{"label.create", "label.add", "label.remove"}));
}

TEST(FakeGithub, the_log_says_who_changed_what_by_which_request_under_which_term) {
    Scene scene;
    auto const answer = scene.ask({"POST", issue_path + "/labels", R"(["mine"])", "secret", "X-Groomer-Term: 41\r\n"});
    auto const effects = scene.server.with_state([](State& state) { return state.effects.parsed(); });
    ASSERT_EQ(effects.size(), 2U);
    auto const& effect = effects[1];
    EXPECT_EQ(effect.at("method"), "POST");
    EXPECT_EQ(effect.at("repository"), "octo/quill");
    EXPECT_EQ(effect.at("issue"), 1);
    EXPECT_EQ(effect.at("what"), "label.add");
    EXPECT_EQ(effect.at("before"), (json::array{"theirs"}));
    EXPECT_EQ(effect.at("after"), (json::array{"theirs", "mine"}));
    EXPECT_EQ(effect.at("actor"), "groomer");
    EXPECT_EQ(effect.at("term"), "41");
    EXPECT_EQ(effect.at("request_id").as_string(), answer.header("x-github-request-id"));
    EXPECT_EQ(effect.at("time"), "2024-01-01T00:00:00.000Z");
}

TEST(FakeGithub, labels_of_the_repository_are_created_once_in_whatever_case) {
    Scene scene;
    auto const created = scene.post("/repos/Octo/QUILL/labels", R"({"name": "area/parser", "color": "AABBCC", "description": "d"})");
    EXPECT_EQ(created.status, 201);
    auto const again = scene.post("/repos/octo/quill/labels", R"({"name": "Area/Parser", "color": "000000"})");
    EXPECT_EQ(again.status, 422);
    EXPECT_EQ(again.json().at("errors").at(0).at("code"), "already_exists");
    EXPECT_EQ(texts(scene.get("/repos/octo/quill/labels").json(), "name"), (Texts{"theirs", "area/parser"}));
}

TEST(FakeGithub, comments_are_written_edited_and_deleted) {
    Scene scene;
    auto const written = scene.post(issue_path + "/comments", R"({"body": "Hello"})");
    ASSERT_EQ(written.status, 201);
    auto const id = std::to_string(written.json().at("id").as_int64());
    EXPECT_EQ(scene.get(issue_path).json().at("comments"), 1);
    scene.server.advance(5s);
    auto const comment = "/repos/octo/quill/issues/comments/" + id;
    EXPECT_EQ(scene.ask({"PATCH", comment, R"({"body": "Hello again"})"}).status, 200);
    auto const read = scene.get(issue_path + "/comments").json().at(0).as_object();
    EXPECT_EQ(read.at("body"), "Hello again");
    EXPECT_EQ(read.at("updated_at"), "2024-01-01T00:00:05Z");
    EXPECT_EQ(texts(scene.get(issue_path + "/timeline").json(), "event"), (Texts{"commented"}));
    EXPECT_EQ(scene.ask({"DELETE", comment}).status, 204);
    EXPECT_EQ(scene.ask({"DELETE", comment}).status, 404);
    EXPECT_EQ(scene.effects(), (Texts{"comment.add", "comment.edit", "comment.delete"}));
}

TEST(FakeGithub, an_issue_is_edited_and_closed_with_events_of_both) {
    Scene scene;
    auto const edited = scene.ask(
        {"PATCH", issue_path, R"({"title": "It panics on é", "body": "More", "state": "closed", "state_reason": "not_planned"})"});
    ASSERT_EQ(edited.status, 200) << edited.body;
    EXPECT_EQ(edited.json().at("state_reason"), "not_planned");
    EXPECT_EQ(edited.json().at("closed_at"), "2024-01-01T00:00:00Z");
    auto const events = scene.get(issue_path + "/events").json();
    EXPECT_EQ(texts(events, "event"), (Texts{"renamed", "closed"}));
    EXPECT_EQ(events.at(0).at("rename").at("from"), "It panics");
    EXPECT_EQ(scene.effects(), (Texts{"issue.title", "issue.body", "issue.close"}));
    EXPECT_EQ(scene.ask({"PATCH", issue_path, R"({"state": "closed"})"}).status, 200);
    EXPECT_EQ(scene.effects().size(), 3U);
}

TEST(FakeGithub, a_patch_that_replaces_labels_shows_in_the_log) {
    Scene scene;
    EXPECT_EQ(scene.ask({"PATCH", issue_path, R"({"labels": ["mine"]})"}).status, 200);
    EXPECT_EQ(scene.effects(), (Texts{"label.remove", "label.create", "label.add"}));
}

TEST(FakeGithub, bad_bodies_are_refused_as_github_does) {
    Scene scene;
    EXPECT_EQ(scene.post(issue_path + "/labels", "{").status, 400);
    EXPECT_EQ(scene.post(issue_path + "/comments", "[1]").status, 400);
    EXPECT_EQ(scene.post(issue_path + "/comments", "{}").status, 422);
    EXPECT_EQ(scene.post(issue_path + "/comments", R"({"body": 7})").status, 422);
    EXPECT_EQ(scene.post(issue_path + "/labels", R"({"labels": [7]})").status, 422);
    auto const long_name = scene.post(issue_path + "/labels", "[\"" + std::string(51, 'x') + "\"]");
    EXPECT_EQ(long_name.status, 422);
    EXPECT_EQ(long_name.json().at("errors").at(0).at("field"), "name");
    EXPECT_EQ(scene.post(issue_path + "/comments", R"({"body": ")" + std::string(65'537, 'x') + "\"}").status, 422);
    EXPECT_EQ(scene.ask({"PATCH", issue_path, R"({"state": "ajar"})"}).status, 422);
    EXPECT_TRUE(scene.effects().empty());
}

TEST(FakeGithub, who_may_not_see_gets_404_and_who_may_not_write_403) {
    Scene scene;
    scene.server.with_state([](State& state) {
        state.at("octo/quill").hidden = true;
        Token reader{TokenKind::fine_grained, "reader", {}, Right::read};
        state.access.add_token("reads", reader);
        state.access.add_token("blind", Token{TokenKind::fine_grained, "blind", {}, Right::none});
    });
    EXPECT_EQ(scene.ask({"GET", issue_path, "", ""}).status, 404);
    EXPECT_EQ(scene.ask({"GET", issue_path, "", "blind"}).status, 404);
    EXPECT_EQ(scene.ask({"GET", issue_path, "", "reads"}).status, 200);
    EXPECT_EQ(scene.ask({"POST", issue_path + "/labels", "[\"a\"]", "reads"}).status, 403);
    EXPECT_EQ(scene.ask({"POST", issue_path + "/comments", R"({"body": "a"})", "reads"}).status, 403);
    EXPECT_EQ(scene.ask({"GET", issue_path, "", "unknown"}).status, 401);
    scene.server.with_state([](State& state) { state.at("octo/quill").hidden = false; });
    EXPECT_EQ(scene.ask({"GET", issue_path, "", ""}).status, 200);
    EXPECT_EQ(scene.ask({"POST", issue_path + "/labels", "[\"a\"]", ""}).status, 401);
    EXPECT_TRUE(scene.effects().empty());
}

TEST(FakeGithub, what_is_locked_archived_blocked_deleted_or_disabled_says_so) {
    Scene scene;
    auto const with = [&](auto change) {
        scene.server.with_state([&](State& state) { change(state.at("octo/quill"), state.issue("octo/quill", 1)); });
    };
    with([](Repository&, Issue& issue) { issue.locked = true; });
    EXPECT_EQ(scene.post(issue_path + "/comments", R"({"body": "a"})").status, 403);
    EXPECT_EQ(scene.ask({"PATCH", issue_path, R"({"title": "b"})"}).status, 403);
    with([](Repository& repository, Issue&) { repository.archived = true; });
    EXPECT_EQ(scene.post(issue_path + "/labels", "[\"a\"]").status, 403);
    with([](Repository& repository, Issue&) { repository.blocked = true; });
    EXPECT_EQ(scene.get(issue_path).status, 451);
    with([](Repository& repository, Issue&) { repository.blocked = false, repository.issues_disabled = true; });
    EXPECT_EQ(scene.get(issue_path).status, 410);
    with([](Repository& repository, Issue&) { repository.issues_disabled = false; });
    scene.server.with_state([&](State& state) { state.delete_issue(state.at("octo/quill"), 1, {"alice", scene.server.now()}); });
    EXPECT_EQ(scene.get(issue_path).status, 410);
    EXPECT_EQ(scene.get("/repos/octo/quill/issues/99").status, 404);
    scene.server.with_state([](State& state) { state.at("octo/quill").gone = true; });
    EXPECT_EQ(scene.get("/repos/octo/quill").status, 404);
}

TEST(FakeGithub, renamed_repositories_and_transferred_issues_lead_on) {
    Scene scene;
    scene.server.with_state([&](State& state) {
        state.rename_repository(state.at("octo/quill"), "octo/pen", {"alice", scene.server.now()});
        auto& other = state.add_repository("octo/ink");
        NewIssue draft;
        draft.labels = {"kept", "lost"};
        auto& pen = state.at("octo/pen");
        state.add_issue(pen, draft);
        state.add_label(other, {0, "kept"});
        EXPECT_EQ(state.transfer_issue(pen, 2, other, {"alice", scene.server.now()}), 1);
    });
    auto const moved = scene.get("/repos/octo/quill/issues?state=all");
    EXPECT_EQ(moved.status, 301);
    auto const location = moved.header("location").substr(scene.server.url().size());
    EXPECT_TRUE(location.starts_with("/repositories/")) << location;
    EXPECT_EQ(scene.get(location).status, 200);
    EXPECT_EQ(scene.post("/repos/octo/quill/issues/1/labels", "[\"a\"]").status, 307);
    auto const transferred = scene.get("/repos/octo/pen/issues/2");
    EXPECT_EQ(transferred.status, 301);
    auto const there = scene.get(transferred.header("location").substr(scene.server.url().size()));
    EXPECT_EQ(texts(there.json().at("labels"), "name"), (Texts{"kept"}));
    EXPECT_EQ(scene.get("/repos/octo/pen").json().at("full_name"), "octo/pen");
    EXPECT_EQ(scene.effects(), (Texts{"repository.rename", "issue.transfer"}));
}

void thirteen_issues(Scene& scene) {
    scene.server.with_state([](State& state) { fill(state, state.at("octo/quill"), {12, 1'704'000'000, 60, 4, 5}); });
}

TEST(FakeGithub, pages_by_number_and_by_cursor_name_every_issue_once) {
    Scene scene;
    thirteen_issues(scene);
    for (bool const cursors : {false, true}) {
        scene.server.with_state([&](State& state) { state.options.cursors = cursors; });
        for (std::string const query :
             {"sort=updated&direction=asc", "sort=updated", "sort=created&direction=asc", "sort=comments", "page=1"}) {
            for (int const size : {1, 5, 13, 100}) {
                auto numbers = numbers_by_links(scene, "/repos/octo/quill/issues?state=all&" + query + "&per_page=" + std::to_string(size));
                std::sort(numbers.begin(), numbers.end());
                EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13})) << query << " by " << size;
            }
        }
    }
    auto const page = scene.get("/repos/octo/quill/issues?state=closed&per_page=100").json();
    EXPECT_EQ(page.as_array().size(), 3U);
    EXPECT_EQ(scene.get("/repos/octo/quill/issues?state=all&labels=TYPE/feature,area%2Fparser").json().as_array().size(), 3U);
    EXPECT_EQ(scene.get("/repos/octo/quill/issues?labels=nobody%27s").json().as_array().size(), 0U);
    EXPECT_EQ(scene.get("/repos/octo/quill/issues?since=yesterday").status, 422);
}

TEST(FakeGithub, links_lead_back_and_to_both_ends) {
    Scene scene;
    thirteen_issues(scene);
    auto const target = "/repos/octo/quill/issues?state=all&sort=updated&direction=asc&per_page=5";
    auto const first = scene.get(target);
    EXPECT_TRUE(first.link("prev").empty());
    auto const last = scene.get(first.link("last"));
    EXPECT_EQ(last.json().as_array().size(), 3U);
    EXPECT_TRUE(last.link("next").empty());
    EXPECT_EQ(scene.get(last.link("first")).body, first.body);
    EXPECT_EQ(scene.get(scene.get(first.link("next")).link("prev")).body, first.body);
    scene.server.with_state([](State& state) { state.options.cursors = true; });
    auto const second = scene.get(scene.get(target).link("next"));
    EXPECT_EQ(scene.get(second.link("prev")).body, first.body);
    EXPECT_TRUE(second.link("last").empty());
    EXPECT_EQ(scene.get("/repos/octo/quill/issues?after=" + base64url("1:9223372036854775807")).status, 422);
    EXPECT_EQ(scene.get("/repos/octo/quill/issues?after=?").status, 422);
    scene.server.with_state([](State& state) { state.options.cursors = false, state.options.page_items = 10; });
    EXPECT_EQ(scene.get(first.link("next")).status, 200);
    EXPECT_EQ(scene.get(first.link("last")).status, 422);
}

// Each update moves an issue to the end: pages by number then skip some, as GitHub's do, and cursors do not.
TEST(FakeGithub, a_walk_by_cursor_misses_nothing_while_issues_change) {
    std::vector<std::int64_t> const all{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
    for (bool const cursors : {true, false}) {
        Scene scene;
        thirteen_issues(scene);
        scene.server.with_state([&](State& state) { state.options.cursors = cursors; });
        std::int64_t next = 2;
        auto numbers = numbers_by_links(scene, "/repos/octo/quill/issues?state=all&sort=updated&direction=asc&per_page=3", [&] {
            scene.server.advance(1s);
            if (next > 7) return;
            scene.server.with_state([&](State& state) {
                state.add_labels(state.at("octo/quill"), state.issue("octo/quill", next++), {"touched"}, scene.person());
            });
        });
        std::sort(numbers.begin(), numbers.end());
        numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
        EXPECT_EQ(numbers == all, cursors);
    }
}

TEST(FakeGithub, since_takes_what_changed_at_or_after_it) {
    Scene scene;
    thirteen_issues(scene);
    scene.server.advance(60s);
    scene.post("/repos/octo/quill/issues/3/labels", "[\"new\"]");
    auto const list = "/repos/octo/quill/issues?state=all&sort=updated&direction=asc&since=";
    EXPECT_EQ(numbers_by_links(scene, std::string{list} + "2024-01-01T00:01:00Z"), (std::vector<std::int64_t>{3}));
    EXPECT_EQ(numbers_by_links(scene, std::string{list} + "2024-01-01T01:01:00%2B01:00"), (std::vector<std::int64_t>{3}));
    EXPECT_TRUE(numbers_by_links(scene, std::string{list} + "2024-01-01T00:01:01Z").empty());
}

}  // namespace
}  // namespace groomer::fake_github::test
