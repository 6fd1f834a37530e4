#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "base/turns.hpp"
#include "tracker/github/answer.hpp"
#include "tracker/github/credentials.hpp"
#include "tracker/github/jwt.hpp"
#include "tracker/github/limits.hpp"
#include "tracker/github/resource.hpp"
#include "tracker/tracker.hpp"

#include <optional>
#include <utility>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;

constexpr auto refresh_before = 5min;

class AppCredentials final : public Credentials {
public:
    AppCredentials(net::HttpClient& client, std::function<WallTime()> wall, AppOptions options)
        : client_{client}, wall_{std::move(wall)}, options_{std::move(options)} {}

    Task<std::string> authorization() override {
        if (is_good()) co_return header_;
        // One fetches, the others wait for what it brings.
        auto taking = fetching_.take();
        auto const turn = co_await std::move(taking);
        if (!is_good()) co_await fetch();
        co_return header_;
    }

    bool refused(std::string const& authorization) override {
        if (authorization == header_) header_.clear();
        return true;
    }

    SelfQuestion who_am_i() override {
        return {Route::app, [this] { return "Bearer " + jwt(); }, options_.installation_id};
    }

private:
    [[nodiscard]] bool is_good() const { return !header_.empty() && wall_() + drift_ + refresh_before < ends_; }

    [[nodiscard]] std::string jwt() const {
        return make_jwt(options_.private_key ? options_.private_key() : std::string{}, options_.id, wall_() + drift_);
    }

    Task<> fetch() {
        header_.clear();
        for (bool corrected = false;; corrected = true) {
            auto request = token_request();
            auto answer = co_await ask(std::move(request));
            if (answer.status == 201) {
                keep(answer);
                co_return;
            }
            if (corrected || !correct_clock(answer)) fail(answer);
        }
    }

    [[nodiscard]] net::ClientRequest token_request() const {
        net::ClientRequest request;
        constexpr std::string_view id = "{installation_id}";
        std::string path{shape(Route::installation_token).path};
        path.replace(path.find(id), id.size(), std::to_string(options_.installation_id));
        request.method = shape(Route::installation_token).method;
        request.url = options_.api_url + path;
        request.headers = common_headers(options_.user_agent);
        request.headers.push_back({"Authorization", "Bearer " + jwt()});
        request.timeout = options_.timeout;
        return request;
    }

    Task<Answer> ask(net::ClientRequest request) {
        auto const next = limits_.next(Limits::Kind::read, {}, wall_());
        if (next.at > wall_()) wait_until(next.at);
        std::string why;
        try {
            auto sending = client_.send(std::move(request));
            auto response = co_await std::move(sending);
            auto const until = limits_.take(response.status, response.headers, limit_message(response), wall_());
            if (until) wait_until(*until);
            co_return to_answer(std::move(response));
        } catch (net::HttpError const& error) {
            why = error.what();
        }
        throw Error{ErrorCode::failure, "GitHub gives out no installation token: " + why};
    }

    [[noreturn]] static void wait_until(WallTime until) {
        throw LimitReached{until, "GitHub gives out no installation token before " + format_time(until) + ": a limit is reached"};
    }

    void keep(Answer const& answer) {
        auto const given = parse_installation_token(answer.body);
        if (!given) throw Error{ErrorCode::failure, "GitHub's answer to the request for an installation token holds none"};
        header_ = "Bearer " + given->token;
        // Without an end that can be read it is good for one of the hour's halves.
        ends_ = given->ends.value_or(wall_() + drift_ + 30min);
    }

    // A JWT that is refused although the key is right is one from another time: true where ours was wrong.
    bool correct_clock(Answer const& answer) {
        if (answer.status != 401 || !answer.date) return false;
        auto const drift = std::chrono::floor<std::chrono::seconds>(*answer.date - wall_());
        auto const change = drift - drift_;
        drift_ = drift;
        return change > 5s || change < -5s;
    }

    [[noreturn]] void fail(Answer const& answer) const {
        auto const said = answer.reason.empty() ? std::string{} : " (GitHub said: " + answer.reason + ")";
        std::string const id = std::to_string(options_.id), installation = std::to_string(options_.installation_id);
        if (answer.status == 401)
            throw Error{ErrorCode::credentials, "GitHub does not take the key for App " + id +
                                                    ": is github.app.id right, and private_key_file one of this App's keys?" + said};
        if (answer.status == 404)
            throw Error{ErrorCode::credentials, "App " + id + " has no installation " + installation +
                                                    ": install it, and take github.app.installation_id from the address of its page" +
                                                    said};
        if (answer.status == 403)
            throw Error{ErrorCode::credentials, "GitHub refuses a token for installation " + installation +
                                                    ": is it suspended, or does a limit or an address list stand in the way?" + said};
        throw Error{ErrorCode::failure, "GitHub gives out no installation token: it answered " + std::to_string(answer.status) + said};
    }

    net::HttpClient& client_;
    std::function<WallTime()> const wall_;
    AppOptions const options_;
    Turns fetching_{1};
    Limits limits_{Pace{.keep_for_people = 0}};  // of the App itself, which GitHub counts apart from its installations
    std::string header_;
    WallTime ends_{};
    std::chrono::seconds drift_{0};  // GitHub's clock, ahead of ours
};

}  // namespace

std::shared_ptr<Credentials> make_app_credentials(net::HttpClient& client, std::function<WallTime()> wall, AppOptions options) {
    return std::make_shared<AppCredentials>(client, std::move(wall), std::move(options));
}

}  // namespace groomer::tracker::github
