#include "tracker/github/api.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace groomer::tracker::github {
namespace {

Answer limited_until(WallTime until, std::string why) {
    Answer answer;
    answer.kind = Answer::Kind::limited;
    answer.until = until;
    answer.reason = std::move(why);
    answer.may_have_arrived = false;
    return answer;
}

Limits::Kind kind_of(Call const& call) { return call.write ? call.write->kind : Limits::Kind::read; }
std::string repo_of(Call const& call) { return call.write ? call.write->repo : std::string{}; }

// What stands there, whatever it is: who wants to must look again after any wait. Nothing is written over by a comment, whose pace all
// repositories share.
bool writes_over(Call const& call) { return call.write && call.write->once && call.write->kind == Limits::Kind::write; }

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

ApiOptions tidied(ApiOptions options) {
    options.api_url = without_slash(std::move(options.api_url));
    return options;
}

}  // namespace

Api::Api(ApiParts parts, ApiOptions options)
    : parts_{std::move(parts)},
      options_{tidied(std::move(options))},
      limits_{options_.pace},
      requests_{std::max<std::size_t>(options_.at_once, 1)} {}

Task<Answer> Api::send(Call call) {
    bool renewed = false;
    for (int tries = 1;; ++tries) {
        auto attempting = attempt(call);
        auto answer = co_await std::move(attempting);
        bool const unauthorized = answer.kind == Answer::Kind::unauthorized && !call.authorization;
        if (unauthorized && !renewed && parts_.credentials->refused(refused_)) {
            renewed = true;
            continue;
        }
        bool const limited = answer.kind == Answer::Kind::limited && is_soon(answer.until) && !(call.write && call.write->once);
        bool const broken = answer.kind == Answer::Kind::failed && !call.write;
        if (tries >= options_.most_tries || !(limited || broken)) co_return std::move(answer);
        // A limit is waited for at the start of the next attempt.
        if (broken) co_await parts_.clock.sleep_for(options_.first_back_off * (1 << (2 * (tries - 1))));
    }
}

Task<Answer> Api::attempt(Call const& call) {
    std::optional<Turns::Turn> turn;
    std::string authorization;
    // Others may go while the guard or the credentials are waited for.
    do {
        turn.reset();
        auto waiting = wait_for_limits(call, turn);
        auto too_long = co_await std::move(waiting);
        if (too_long) co_return std::move(*too_long);
        if (call.write) {
            auto beginning = may_begin(call.write->guard);
            bool const begins = co_await std::move(beginning);
            if (!begins) co_return to_answer(net::HttpError{net::HttpError::Stage::withheld, false, "the hold is over"});
        }
        auto authorizing = authorization_for(call);
        authorization = co_await std::move(authorizing);
    } while (!may_go(call));
    limits_.sent(kind_of(call), repo_of(call), now());
    auto exchanging = exchange(request_of(call, authorization), call);
    auto answer = co_await std::move(exchanging);
    limits_.answered(kind_of(call), repo_of(call), now());
    if (answer.kind == Answer::Kind::unauthorized) refused_ = authorization;
    co_return std::move(answer);
}

bool Api::may_go(Call const& call) const {
    auto const when = now();
    return limits_.next(kind_of(call), repo_of(call), when).at <= when;
}

Task<std::string> Api::authorization_for(Call const& call) {
    if (call.authorization) co_return *call.authorization;
    auto authorizing = parts_.credentials->authorization();
    co_return co_await std::move(authorizing);
}

// Takes a turn at a moment when the limits let the call go; an answer where that is too far off. Nobody waits with a turn in hand.
Task<std::optional<Answer>> Api::wait_for_limits(Call const& call, std::optional<Turns::Turn>& turn) {
    for (;;) {
        auto taking = requests_.take();
        turn.emplace(co_await std::move(taking));
        auto const when = now();
        auto const next = limits_.next(kind_of(call), repo_of(call), when);
        if (next.at <= when) co_return std::nullopt;
        turn.reset();
        if (next.at - when > options_.patience || writes_over(call)) co_return limited_until(next.at, next.why);
        co_await parts_.clock.sleep_for(next.at - when);
    }
}

Task<std::optional<Answer>> Api::wait_for_room(Call call) {
    std::optional<Turns::Turn> turn;
    auto waiting = wait_for_limits(call, turn);
    co_return co_await std::move(waiting);
}

net::ClientRequest Api::request_of(Call const& call, std::string const& authorization) const {
    net::ClientRequest request;
    request.method = shape(call.route).method;
    request.url = call.url;
    request.headers = common_headers(options_.user_agent);
    if (!authorization.empty()) request.headers.push_back({"Authorization", authorization});
    if (!call.etag.empty()) request.headers.push_back({"If-None-Match", call.etag});
    if (!call.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    request.body = call.body;
    request.timeout = call.write ? options_.write_timeout : options_.read_timeout;
    if (!call.write) return request;
    // GitHub passes it over; a log on the way, and a fake, can tell whose write it was.
    request.headers.push_back({"X-Groomer-Term", std::to_string(call.write->guard.term)});
    request.may_send = call.write->guard.may_act;
    return request;
}

Task<Answer> Api::exchange(net::ClientRequest request, Call const& call) {
    auto const began = parts_.clock.now();
    Answer answer;
    try {
        auto sending = parts_.client.send(std::move(request));
        auto response = co_await std::move(sending);
        answer = judge(std::move(response), call);
    } catch (net::HttpError const& error) {
        answer = to_answer(error);
    }
    bool const sent = answer.kind != Answer::Kind::withheld;
    if (sent && parts_.observe) {
        auto const& [route, method, endpoint] = shape(call.route);
        parts_.observe({std::string{endpoint}, std::string{method}, answer.status, parts_.clock.now() - began});
    }
    co_return std::move(answer);
}

Answer Api::judge(net::ClientResponse response, Call const&) {
    auto const until = limits_.take(response.status, response.headers, limit_message(response), now());
    auto answer = to_answer(std::move(response));
    if (!until) return answer;
    answer.kind = Answer::Kind::limited;
    answer.until = *until;
    return answer;
}

std::optional<Account> Api::account_of(std::string const& asked) const { return known_as_ == asked ? account_ : std::nullopt; }

Task<Account> Api::own_account() {
    auto question = parts_.credentials->who_am_i();
    if (!question.route) co_return Account{};
    // A token may be replaced by another account's; the JWT of an App is another each time.
    auto const asked = question.route == Route::user ? sha256_hex(question.authorization()) : std::string{shape(*question.route).path};
    if (auto known = account_of(asked)) co_return std::move(*known);
    auto taking = asking_.take();
    auto const turn = co_await std::move(taking);
    if (auto known = account_of(asked)) co_return std::move(*known);
    auto finding = ask_for_account(std::move(question));
    account_ = co_await std::move(finding);
    known_as_ = asked;
    co_return *account_;
}

Task<Account> Api::ask_for_account(SelfQuestion question) {
    Call call{*question.route, url(shape(*question.route).path)};
    call.authorization = question.authorization();
    auto sending = send(std::move(call));
    auto const answer = co_await std::move(sending);
    if (answer.kind == Answer::Kind::ok)
        if (auto account = parse_account(answer.body)) co_return std::move(*account);
    // The token of a workflow, or an installation's that somebody else asked for, belongs to no user: what it writes then counts as
    // another bot's, which is left alone.
    if (answer.kind == Answer::Kind::refused || answer.kind == Answer::Kind::gone) {
        parts_.log.warning("GitHub does not say which account the token is of: labels set by it count as another bot's",
                           {{"component", "github"}, {"status", answer.status}, {"reason", answer.reason}});
        co_return Account{};
    }
    fail(answer, "GitHub does not say which account the token is of");
}

void fail(Answer const& answer, std::string const& what) {
    using Kind = Answer::Kind;
    auto const status = answer.status > 0 ? "GitHub answered " + std::to_string(answer.status) : std::string{"no answer"};
    auto const why = what + ": " + status + (answer.reason.empty() ? "" : ", " + answer.reason);
    switch (answer.kind) {
        case Kind::unauthorized:
            throw Error{ErrorCode::credentials,
                        why + "; is what github.token_file or github.app names right, and neither expired nor revoked?"};
        case Kind::refused:
            throw Error{ErrorCode::credentials, why + "; the credentials need access to the repository and to write its issues"};
        case Kind::gone:
            if (answer.status == 410) throw Error{ErrorCode::failure, why + "; are its issues switched off?"};
            throw Error{ErrorCode::credentials, why + "; is the name right, and do the credentials have access to the repository?"};
        case Kind::legal: throw Error{ErrorCode::failure, why + "; it is not available for legal reasons"};
        case Kind::limited:
            throw LimitReached{answer.until, what + ": GitHub's limit is reached until " + format_time(answer.until) +
                                                 (answer.reason.empty() ? "" : " (" + answer.reason + ")")};
        default: throw Error{ErrorCode::failure, why};
    }
}

}  // namespace groomer::tracker::github
