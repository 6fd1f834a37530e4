#include "contract/on_prism.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdlib>

namespace groomer::contract {
namespace {

namespace json = boost::json;

std::string environment(char const* name) {
    char const* const value = std::getenv(name);
    return value ? value : "";
}

std::string made_key() {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key{EVP_RSA_gen(2048), EVP_PKEY_free};
    std::unique_ptr<BIO, decltype(&BIO_free)> const bio{BIO_new(BIO_s_mem()), BIO_free};
    PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    auto const size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string const& key() {
    static std::string const pem = made_key();
    return pem;
}

// GitHub's example of an issue is a pull request, which is none of ours.
void as_issues(net::ClientResponse& response) {
    if (response.status != 200) return;
    auto value = json::parse(response.body);
    auto const make = [](json::value& one) {
        if (auto* object = one.if_object()) object->erase("pull_request");
    };
    if (auto* list = value.if_array()) std::for_each(list->begin(), list->end(), make);
    else make(value);
    response.body = json::serialize(value);
}

std::string_view name(tracker::WriteOutcome outcome) {
    switch (outcome) {
        case tracker::WriteOutcome::done: return "done";
        case tracker::WriteOutcome::already: return "already";
        case tracker::WriteOutcome::fenced: return "fenced";
        case tracker::WriteOutcome::withheld: return "withheld";
        case tracker::WriteOutcome::gone: return "gone";
        case tracker::WriteOutcome::unknown: return "unknown";
        case tracker::WriteOutcome::failed: break;
    }
    return "failed";
}

}  // namespace

std::string told(std::function<std::string()> const& act) {
    try {
        return act();
    } catch (tracker::LimitReached const& limit) {
        return std::string{"limit: "} + limit.what();
    } catch (Error const& error) {
        return (error.code() == ErrorCode::credentials ? "credentials: " : "failure: ") + std::string{error.what()};
    }
}

void OnPrism::SetUp() {
    url_ = environment("GROOMER_TEST_CONTRACT_URL");
    if (url_.empty()) GTEST_SKIP() << "tests/contract/run says where prism is";
    operations_ = std::make_unique<Operations>(environment("GROOMER_TEST_CONTRACT_OPERATIONS"));
    net::ClientOptions options;
    options.user_agent = "groomer/contract";
    client_ = net::make_http_client(io_.get_executor(), options);
    prism_ = std::make_unique<Prism>(*client_, url_, *operations_);
}

void OnPrism::TearDown() {
    if (!prism_) return;
    for (auto const& refusal : prism_->take_refusals()) ADD_FAILURE() << refusal;
}

void OnPrism::begin(Identity identity, std::string repo) {
    prism_->forget();
    prism_->edit(Route::issue, as_issues);
    prism_->edit(Route::issues, as_issues);
    auto const wall = [] { return WallTime{std::chrono::system_clock::now()}; };
    auto credentials = github::make_token_credentials([] { return std::string{"secret"}; });
    if (identity == Identity::app) {
        github::AppOptions app;
        app.api_url = url_;
        app.id = 12;
        app.installation_id = 34;
        app.private_key = key;
        credentials = github::make_app_credentials(*prism_, wall, app);
    }
    github::ApiOptions options;
    options.api_url = url_;
    options.pace = {0ms, 100'000, 100'000, 0};
    options.first_back_off = 1ms;
    auto observe = [this](github::Observation const& seen) { observed_.emplace(seen.method, seen.endpoint); };
    github::ApiParts parts{*prism_, clock_, log_, credentials, wall, observe};
    api_ = std::make_shared<github::Api>(std::move(parts), std::move(options));
    github::Options of_tracker;
    of_tracker.repo = repo_ = std::move(repo);
    tracker_ = github::make_github_tracker({api_}, std::move(of_tracker));
}

std::string OnPrism::sync() {
    std::size_t issues = 0, pages = 0;
    std::string cursor;
    for (bool last = false; !last && pages < 20; ++pages) {
        auto const page = run(tracker_->changes(cursor, 1));
        issues += page.issues.size();
        cursor = page.cursor;
        last = page.last;
        if (page.skipped > 0) return "skipped: " + page.skipped_example;
    }
    return pages < 20 ? "read: " + std::to_string(issues) + " issues" : "it does not end";
}

std::string OnPrism::read() {
    auto const issue = run(tracker_->read(ref()));
    if (!issue) return "gone";
    return "read: " + issue->title + ", " + std::to_string(issue->labels.size()) + " labels, " + std::to_string(issue->events.size()) +
           " events, " + std::to_string(issue->comments.size()) + " comments";
}

std::string OnPrism::who() {
    auto const account = run(api_->own_account());
    return account.login.empty() ? "nobody" : "read: " + account.login;
}

std::string OnPrism::lacking() {
    std::string out = "read:";
    for (auto const& label : run(tracker_->lacking({"bug", "groomed"}))) out += " " + label;
    return out;
}

std::string OnPrism::examined() {
    auto const found = run(tracker_->examine(true));
    std::string out;
    for (auto const* sentences : {&found->refusals, &found->obstacles, &found->remarks})
        for (auto const& sentence : *sentences) out += (out.empty() ? "found: " : "; ") + sentence;
    return out.empty() ? "found nothing" : out;
}

namespace {

std::string told(tracker::WriteResult const& result) {
    return std::string{name(result.outcome)} + (result.detail.empty() ? "" : ": " + result.detail);
}

}  // namespace

std::string OnPrism::written(Task<tracker::WriteResult> write) { return told(run(std::move(write))); }

std::string OnPrism::added(std::vector<std::string> labels) {
    auto const results = run(tracker_->add_labels(ref(), std::move(labels), guard()));
    for (auto const& result : results) EXPECT_EQ(told(result), told(results.front()));
    return told(results.at(0));
}

}  // namespace groomer::contract
