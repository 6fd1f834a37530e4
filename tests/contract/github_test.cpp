// Against GitHub's own description of its API: every request that the client can send is accepted, every documented answer understood.
#include "contract/on_prism.hpp"
#include "tracker/github/content.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>
#include <vector>

namespace groomer::contract {
namespace {

namespace json = boost::json;
using net::ClientRequest;
using net::ClientResponse;

using Expected = std::map<int, std::string>;  // of each status, how what comes of it may begin: words with | between

// One thing that groomer does, by the request that it is about.
struct Deed {
    Route route;
    std::string name;
    Expected expected;
    std::function<std::string()> act;
    std::function<void()> prepare = [] {};
    Identity identity = Identity::token;
    std::string repo = example_repo;
};

bool begins_as(std::string const& told, std::string const& words) {
    std::istringstream all{words};
    for (std::string word; std::getline(all, word, '|');)
        if (told.starts_with(word)) return true;
    return false;
}

class GithubContract : public OnPrism {
protected:
    std::vector<Deed> deeds();
    std::vector<Deed> deeds_of_looks();
    std::vector<Deed> deeds_of_writes();
    std::vector<Deed> deeds_of_texts();
    // The first of each route: what comes of an answer is the same whatever was asked for.
    std::vector<Deed> one_of_each() {
        auto all = deeds();
        std::set<Route> seen;
        std::erase_if(all, [&](Deed const& deed) { return !seen.insert(deed.route).second; });
        return all;
    }
    std::string carry_out(Deed const& deed, std::string const& preference = "") {
        begin(deed.identity, deed.repo);
        deed.prepare();
        if (!preference.empty()) prism_->prefer(deed.route, preference);
        return told(deed.act);
    }
    // Each answer to a deed's request that is documented, by what to say to prism; with every example of it.
    std::vector<std::pair<int, std::string>> answers_to(Deed const& deed) {
        auto const& shape = github::shape(deed.route);
        auto const* operation = operations_->find(shape.method, shape.path);
        std::vector<std::pair<int, std::string>> out;
        if (!operation) return out;
        for (auto const& answer : operation->answers) {
            auto const code = "code=" + std::to_string(answer.status);
            if (answer.examples.empty()) out.emplace_back(answer.status, code);
            for (auto const& example : answer.examples) out.emplace_back(answer.status, code + ", example=" + example);
        }
        return out;
    }
    ClientRequest request(std::string method, std::string const& path, std::string body = "") {
        ClientRequest out;
        out.method = std::move(method);
        out.url = url_ + path;
        if (!body.empty()) out.headers.push_back({"Content-Type", "application/json"});
        out.body = std::move(body);
        return out;
    }
};

std::vector<Deed> GithubContract::deeds() {
    Expected const reads_repository{{200, "read"}, {301, "failure"}, {403, "credentials"}, {404, "credentials"}};
    Expected const reads_issue{{200, "read"}, {301, "failure"}, {304, "failure"}, {404, "gone"}, {410, "gone"}};
    std::vector<Deed> all{
        {Route::issues, "sync", {{200, "read: 1 "}, {301, "failure"}, {404, "credentials"}, {422, "failure"}}, [this] { return sync(); }},
        {Route::issue, "read an issue", reads_issue, [this] { return read(); }},
        {Route::timeline,
         "read its history",
         {{200, "read: Found a bug, 1 labels, 2 events, 2 comments"}, {400, "failure"}, {404, "gone"}, {410, "gone"}},
         [this] { return read(); }},
        {Route::repository, "ask what it is called", reads_repository, [this] { return read(); }, [] {}, Identity::token,
         "octocat/Old-World"},
        {Route::labels, "look at the labels", {{200, "read: groomed"}, {404, "credentials"}}, [this] { return lacking(); }},
        {Route::user,
         "ask who we are",
         {{200, "read: octocat"}, {304, "failure"}, {401, "credentials"}, {403, "nobody"}},
         [this] { return who(); }},
        {Route::app, "ask which App we are", {{200, "read: octoapp[bot]"}}, [this] { return who(); }, [] {}, Identity::app},
        {Route::installation_token,
         "get an installation's token",
         {{201, "read"}, {401, "credentials"}, {403, "credentials"}, {404, "credentials"}, {422, "failure"}},
         [this] { return read(); },
         [] {},
         Identity::app},
    };
    for (auto more : {deeds_of_looks(), deeds_of_writes(), deeds_of_texts()}) std::move(more.begin(), more.end(), std::back_inserter(all));
    return all;
}

// As `validate --online` looks. The examples are of an account that may only read, and of another's installation.
std::vector<Deed> GithubContract::deeds_of_looks() {
    Expected const of_account{{200, "found: to write to octocat/Hello-World the token's account needs the role Triage"}};
    Expected const of_installation{{200, "found: octocat/Hello-World belongs to installation"},
                                   {301, "failure"},
                                   {404, "found: the App is not installed on octocat/Hello-World"}};
    return {
        {Route::repository, "look at a repository", of_account, [this] { return examined(); }},
        {Route::repository_installation, "look at an App's installation", of_installation, [this] { return examined(); }, [] {},
         Identity::app},
    };
}

std::vector<Deed> GithubContract::deeds_of_writes() {
    Expected const adds{{200, "done"}, {301, "failed"}, {404, "credentials"}, {410, "failure"}, {422, "failed: GitHub answered 422"}};
    // The example still has the label that was to go: that is not believed.
    Expected const removes{
        {200, "failed: a write to octocat/Hello-World#1347 had no effect"}, {301, "failed"}, {404, "credentials"}, {410, "failure"}};
    Expected const creates{{201, "done"}, {404, "credentials"}, {422, "failed"}};
    return {
        {Route::add_labels, "add a label", adds, [this] { return added({"enhancement"}); }},
        {Route::remove_label, "remove a label", removes, [this] { return written(tracker_->remove_label(ref(), "bug", guard())); }},
        {Route::create_label, "make a label", creates,
         [this] { return written(tracker_->create_label("type/✓ 100%", std::string(150, 'm'), guard())); }},
    };
}

std::vector<Deed> GithubContract::deeds_of_texts() {
    using tracker::CloseReason;
    Expected const edits{{200, "done"},        {301, "failed"},  {403, "credentials"},
                         {404, "credentials"}, {410, "failure"}, {422, "failed: GitHub answered 422"},
                         {503, "failed"}};
    Expected const comments{{201, "done"}, {403, "credentials"}, {404, "credentials"}, {410, "failure"}, {422, "failed"}};
    auto const comment = [this] { return written(tracker_->set_comment(ref(), "note", "What is **new**?", {}, guard())); };
    auto const has_ours = [this] {
        prism_->edit(Route::comments, [](ClientResponse& response) {
            auto list = json::parse(response.body);
            list.as_array().at(0).as_object()["body"] = github::marked("note", "What was old");
            response.body = json::serialize(list);
        });
    };
    return {
        {Route::comments, "look for our comment", {{200, "done"}, {404, "gone"}, {410, "gone"}}, comment},
        {Route::add_comment, "comment", comments, comment},
        {Route::edit_comment, "edit our comment", {{200, "done"}, {422, "failed"}}, comment, has_ours},
        {Route::edit_issue, "retitle", edits, [this] { return written(tracker_->set_title(ref(), "A \"title\"", guard())); }},
        {Route::edit_issue, "write a section", edits, [this] { return written(tracker_->set_section(ref(), "note", "Text", guard())); }},
        {Route::edit_issue, "close as done", edits, [this] { return written(tracker_->close(ref(), CloseReason::completed, guard())); }},
        {Route::edit_issue, "close", edits, [this] { return written(tracker_->close(ref(), CloseReason::not_planned, guard())); }},
    };
}

TEST_F(GithubContract, EveryRequestThatTheClientCanSendIsAccepted) {
    for (auto const& deed : deeds()) {
        auto const outcome = carry_out(deed);
        EXPECT_TRUE(begins_as(outcome, deed.expected.begin()->second)) << deed.name << ": " << outcome;
    }
    for (auto const& [route, method, path] : github::all_routes)
        EXPECT_TRUE(prism_->accepted().contains(route)) << "never sent, or never accepted: " << method << ' ' << path;
    std::set<std::pair<std::string, std::string>> sent;
    for (auto const& [route, method, path] : github::all_routes)
        if (route != Route::installation_token) sent.emplace(method, path);  // which is not counted
    EXPECT_EQ(observed_, sent) << "what metrics call a request is what it is";
}

TEST_F(GithubContract, EveryDocumentedAnswerIsUnderstood) {
    for (auto const& deed : one_of_each()) {
        auto const answers = answers_to(deed);
        EXPECT_FALSE(answers.empty()) << deed.name;
        for (auto const& [status, preference] : answers) {
            auto const expected = deed.expected.find(status);
            if (expected == deed.expected.end()) {
                ADD_FAILURE() << deed.name << ": nobody said what is to come of " << status;
                continue;
            }
            auto const outcome = carry_out(deed, preference);
            EXPECT_TRUE(begins_as(outcome, expected->second)) << deed.name << ", " << preference << ": " << outcome;
        }
    }
}

// Any body that the schemas allow, so many of each.
TEST_F(GithubContract, WhateverAnswerTheSchemasAllowIsTakenOrToldOf) {
    constexpr int bodies = 3;
    for (auto const& deed : one_of_each())
        for (int seed = 1; seed <= bodies; ++seed) {
            std::string outcome;
            EXPECT_NO_THROW(outcome = carry_out(deed, "dynamic=true, seed=" + std::to_string(seed))) << deed.name << ", seed " << seed;
            EXPECT_FALSE(outcome.starts_with("credentials") || outcome.starts_with("limit")) << deed.name << ": " << outcome;
        }
}

TEST_F(GithubContract, AnIssueThatIsAsItWasIsKnownByItsETag) {
    begin();
    auto const first = told([this] { return read(); });
    prism_->prefer(Route::issue, "code=304");
    EXPECT_EQ(told([this] { return read(); }), first);
    EXPECT_TRUE(first.starts_with("read: Found a bug")) << first;
}

TEST_F(GithubContract, ALabelOfAnyNameIsRemovedByIt) {
    for (std::string const label : {"type/bug", "a b", "100% ✓", "?q=1&x#y", "\"quoted\" \\"}) {
        begin();
        prism_->edit(Route::issue, [&](ClientResponse& response) {
            auto issue = json::parse(response.body).as_object();
            issue.erase("pull_request");
            issue["labels"] = json::array{json::object{{"name", label}}};
            response.body = json::serialize(issue);
        });
        prism_->edit(Route::remove_label, [](ClientResponse& response) { response.body = "[]"; });
        EXPECT_EQ(told([&] { return written(tracker_->remove_label(ref(), label, guard())); }), "done") << label;
    }
}

TEST_F(GithubContract, AnIssueThatIsGoneByTheTimeOfTheWriteIsGone) {
    for (auto const& deed : one_of_each()) {
        if (github::shape(deed.route).method == "GET" || !deed.expected.contains(410)) continue;
        begin();
        prism_->prefer(deed.route, "code=410");
        prism_->edit(deed.route, [this](ClientResponse&) { prism_->prefer(Route::issue, "code=410"); });
        EXPECT_EQ(told(deed.act), "gone") << deed.name;
    }
}

// That the tests above can fail: each property of each body that the client sends, with a value of a kind that it cannot have.
TEST_F(GithubContract, ABodyThatDoesNotFitIsRefused) {
    for (auto const& deed : deeds()) {
        begin(deed.identity, deed.repo);
        deed.prepare();
        std::string body;
        prism_->spoil(deed.route, [&](ClientRequest& request) { body = request.body; });
        told(deed.act);
        if (body.empty()) continue;
        auto const whole = json::parse(body);
        for (auto const& [property, value] : whole.as_object()) {
            auto wrong = whole.as_object();
            wrong[property] = json::object{{"wrong", json::array{}}};
            begin(deed.identity, deed.repo);
            deed.prepare();
            prism_->spoil(deed.route, [&](ClientRequest& request) { request.body = json::serialize(wrong); });
            auto const outcome = told(deed.act);
            auto const refusals = prism_->take_refusals();
            EXPECT_EQ(refusals.size(), 1U) << deed.name << " with a wrong " << property << ": " << outcome;
            EXPECT_FALSE(outcome.starts_with("done")) << deed.name;
        }
    }
}

TEST_F(GithubContract, ARequestThatDoesNotFitIsRefused) {
    begin();
    std::vector<ClientRequest> wrong{
        request("GET", "/repos/o/r/issues?state=everything"),
        request("GET", "/repos/o/r/issues?per_page=many"),
        request("GET", "/repos/o/r/issues?colour=red"),
        request("GET", "/repos/o/r/issues/first"),
        request("GET", "/repos/o/r/tissues"),
        request("PUT", "/repos/o/r/issues/1"),
        request("PATCH", "/repos/o/r/issues/1", R"({"state": "shut"})"),
        request("PATCH", "/repos/o/r/issues/1", R"({"heading": "x"})"),
        request("POST", "/repos/o/r/labels", R"({"color": "ededed"})"),
        request("POST", "/repos/o/r/issues/1/comments", "{"),
    };
    for (auto& one : wrong) {
        auto const what = one.method + ' ' + one.url + ' ' + one.body;
        run(prism_->send(std::move(one)));
        EXPECT_EQ(prism_->take_refusals().size(), 1U) << what;
    }
}

}  // namespace
}  // namespace groomer::contract
