#include "model/endpoint.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace groomer::model {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// A question while it is asked. A step below returns whether to go on; where not, the outcome says how it ended.
struct Endpoint::Asking {
    Question question;
    Payer& payer;
    BootTime::time_point deadline;
    Shape shape;
    int tries = 0, waits = 0;
    Outcome outcome;
};

Endpoint::Endpoint(EndpointParts parts, EndpointOptions options)
    : parts_{std::move(parts)},
      options_{std::move(options)},
      protocol_{find_protocol(options_.provider)},
      turns_{std::max<std::size_t>(options_.at_once, 1)} {
    if (!protocol_) throw Error{ErrorCode::config, "there is no protocol " + options_.provider + " to ask a model by: openai, anthropic"};
}

Task<Outcome> Endpoint::ask(Question question, Payer& payer) {
    auto taking = turns_.take();
    auto const turn = co_await std::move(taking);
    Asking asking{std::move(question), payer, parts_.clock.now() + options_.timeout, shape_, 0, 0, {}};
    if (!breaker_.may_go(parts_.clock.now(), options_.timeout)) {
        asking.outcome.why = breaker_.why();
        co_return std::move(asking.outcome);
    }
    for (bool goes_on = true; goes_on;) {
        auto attempting = attempt(asking);
        goes_on = co_await std::move(attempting);
    }
    co_return std::move(asking.outcome);
}

net::ClientRequest Endpoint::request_of(Asking const& asking) const {
    net::ClientRequest request;
    request.method = "POST";
    request.url = protocol_->url(options_.base_url);
    request.headers = protocol_->headers(options_.key);
    request.headers.push_back({"Content-Type", "application/json"});
    request.headers.push_back({"Accept", "application/json"});
    request.body = protocol_->body(asking.question, options_.model, asking.shape);
    request.timeout = std::max<milliseconds>(std::chrono::duration_cast<milliseconds>(asking.deadline - parts_.clock.now()), 1ms);
    request.may_send = [&payer = asking.payer] { return payer.may_send(); };
    return request;
}

Task<bool> Endpoint::attempt(Asking& asking) {
    constexpr milliseconds least = 100ms;  // no answer comes sooner
    auto const now = parts_.clock.now();
    if (limited_until_ > now) {
        auto waiting = pause(asking, std::chrono::ceil<milliseconds>(limited_until_ - now));
        co_return co_await std::move(waiting);
    }
    auto paying = asking.payer.before();
    auto refused = co_await std::move(paying);
    // Its budget may have had to be waited for.
    bool const late = !refused && parts_.clock.now() + least > asking.deadline;
    if (late) {
        auto ending = asking.payer.after(Payer::Worked::no, std::nullopt);
        co_await std::move(ending);
        refused = "no time was left for it";
    }
    if (refused) {
        breaker_.untried();
        asking.outcome.why = *refused;
        co_return false;
    }
    auto sending = send(asking);
    co_return co_await std::move(sending);
}

Task<bool> Endpoint::send(Asking& asking) {
    auto const began = parts_.clock.now();
    std::optional<net::ClientResponse> response;
    std::optional<net::HttpError> error;
    ++asking.tries;
    try {
        auto exchanging = parts_.client.send(request_of(asking));
        response = co_await std::move(exchanging);
    } catch (net::HttpError const& caught) {
        error = caught;
    }
    bool const sent = !error || error->stage() != net::HttpError::Stage::withheld;
    if (sent && parts_.observe) parts_.observe({response ? response->status : 0, parts_.clock.now() - began});
    if (error) {
        auto taking = take_error(asking, *error);
        co_return co_await std::move(taking);
    }
    auto taking = take_answer(asking, *response);
    co_return co_await std::move(taking);
}

Task<bool> Endpoint::take_error(Asking& asking, net::HttpError const& error) {
    using Stage = net::HttpError::Stage;
    asking.outcome.why = one_line(error.what(), 300);
    if (error.stage() == Stage::too_large) {  // this answer, not the server: it was worked on, and is of no use
        auto paying = asking.payer.after(Payer::Worked::yes, std::nullopt);
        co_await std::move(paying);
        breaker_.succeeded();
        asking.outcome.reply = Reply{{}, Flaw::too_long, {}};
        co_return false;
    }
    auto paying = asking.payer.after(error.may_have_arrived() ? Payer::Worked::perhaps : Payer::Worked::no, std::nullopt);
    co_await std::move(paying);
    if (error.stage() == Stage::withheld) {
        breaker_.untried();
        co_return false;
    }
    auto trying = try_again(asking);
    co_return co_await std::move(trying);
}

Task<bool> Endpoint::take_answer(Asking& asking, net::ClientResponse const& response) {
    auto const judged = judged_without_key(response);
    bool const answered = judged.kind == Judged::Kind::answered;
    if (answered) asking.outcome.reply = protocol_->read(response.body);
    asking.outcome.why = judged.why;
    auto const worked = answered ? Payer::Worked::yes : judged.perhaps_worked ? Payer::Worked::perhaps : Payer::Worked::no;
    auto paying = asking.payer.after(worked, answered ? asking.outcome.reply->usage : std::nullopt);
    co_await std::move(paying);
    switch (judged.kind) {
        case Judged::Kind::answered:
            breaker_.succeeded();
            shape_ = asking.shape;
            co_return false;
        case Judged::Kind::wait: co_return take_limit(asking, judged.after);
        case Judged::Kind::endpoint:
            tell_of_refusal(asking.outcome.why);
            breaker_.refused(parts_.clock.now(), asking.outcome.why);
            co_return false;
        case Judged::Kind::question: co_return take_refusal(asking, judged);
        case Judged::Kind::again: break;
    }
    auto trying = try_again(asking);
    co_return co_await std::move(trying);
}

// Waited for as long as the deadline lets us, and longer each time than a server that says nothing, or 0, may think.
bool Endpoint::take_limit(Asking& asking, std::optional<milliseconds> told) {
    constexpr milliseconds untold = 1s, least = 250ms;
    --asking.tries;
    auto const nth = asking.waits++;
    auto const wait = told ? std::max<milliseconds>(*told, least * (1 << std::min(nth, 3))) : untold * (1 << std::min(nth, 8));
    limited_until_ = std::max<BootTime::time_point>(limited_until_, parts_.clock.now() + wait);
    return true;
}

// This question is asked in another shape, if there is one; the others only once that was answered.
bool Endpoint::take_refusal(Asking& asking, Judged const& judged) {
    breaker_.succeeded();
    auto const next = next_shape(asking.shape, judged.said);
    if (!next) return false;
    asking.shape = *next;
    --asking.tries;  // there are only so many
    return true;
}

// Once, of requests that were under way together.
void Endpoint::tell_of_refusal(std::string const& why) {
    if (breaker_.is_open(parts_.clock.now())) return;
    parts_.log.error("the model cannot be used, the local one judges",
                     {{"component", "model"}, {"provider", options_.provider}, {"model", options_.model}, {"error", why}});
}

Task<bool> Endpoint::try_again(Asking& asking) {
    breaker_.failed(parts_.clock.now(), asking.outcome.why);
    if (asking.tries >= options_.most_tries || breaker_.is_open(parts_.clock.now())) co_return false;
    auto waiting = pause(asking, options_.first_back_off * (1 << (2 * (asking.tries - 1))));
    co_return co_await std::move(waiting);
}

// Not where it would be in vain: the question would have no time left.
Task<bool> Endpoint::pause(Asking& asking, milliseconds pause) {
    auto const until = parts_.clock.now() + pause;
    if (until >= asking.deadline) {
        breaker_.untried();
        if (asking.outcome.why.empty()) asking.outcome.why = "its limit lets nothing go for " + format_duration(pause);
        co_return false;
    }
    co_await parts_.clock.sleep_until(until);
    co_return true;
}

// Some servers repeat the key that they refuse. Taken out before anything is cut, which could leave a part of it.
Judged Endpoint::judged_without_key(net::ClientResponse response) const {
    auto const take_out = [&key = options_.key](std::string& text) {
        constexpr std::string_view shown = "(the key)";
        if (key.size() < 4) return;
        for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + shown.size())) text.replace(at, key.size(), shown);
    };
    if (response.status != 200) take_out(response.body);
    auto judged = judge(response, parts_.wall_now());
    take_out(judged.why);  // it may have been escaped there
    take_out(judged.said);
    return judged;
}

Task<Examined> Endpoint::examine() {
    net::ClientRequest request;
    request.url = protocol_->models_url(options_.base_url);
    request.headers = protocol_->headers(options_.key);
    request.timeout = options_.timeout;
    try {
        auto sending = parts_.client.send(std::move(request));
        auto response = co_await std::move(sending);
        auto const status = response.status;
        auto const judged = judged_without_key(std::move(response));
        Examined examined;
        examined.told = status != 404;
        if (judged.kind != Judged::Kind::answered && examined.told)
            examined.problem = Problem{judged.why, judged.kind == Judged::Kind::endpoint};
        co_return std::move(examined);
    } catch (net::HttpError const& error) {
        Examined examined;
        examined.problem = Problem{one_line(error.what(), 300), false};
        co_return std::move(examined);
    }
}

}  // namespace groomer::model
