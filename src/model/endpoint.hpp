// A language model behind a server: one question, one reply, or the reason why there is none. Retries, limits, the breaker and the shape
// that this server takes are kept here. On one single-threaded executor.
#pragma once

#include "base/async.hpp"
#include "base/log.hpp"
#include "base/turns.hpp"
#include "model/breaker.hpp"
#include "model/protocol.hpp"
#include "model/refusal.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace groomer::model {

struct EndpointOptions {
    std::string provider;  // of find_protocol()
    std::string base_url, model;
    std::string key;
    std::size_t at_once = 16;                   // questions; the others wait for their turn
    std::chrono::milliseconds timeout{60'000};  // of a question, all tries and waits in it
    std::chrono::milliseconds first_back_off{500};
    int most_tries = 3;
};

// One request, for the metrics. status 0: there was no answer.
struct Exchange {
    int status = 0;
    std::chrono::nanoseconds duration{0};
};

struct EndpointParts {
    net::HttpClient& client;
    Clock& clock;
    Log& log;
    std::function<WallTime()> wall_now;
    std::function<void(Exchange const&)> observe;  // may be empty
};

struct Outcome {
    std::optional<Reply> reply;  // none: it could not be had
    std::string why;             // then
};

struct Problem {
    std::string why;
    bool refused = false;  // people have to do something: credentials, credit
};

struct Examined {
    std::optional<Problem> problem;
    bool told = true;  // else the server has no list of models: whether it takes our credentials, the first question tells
};

// Who pays for the requests of one question: asked before each, and told of its end.
class Payer {
public:
    enum class Worked { no, yes, perhaps };  // perhaps: the answer was not seen

    virtual ~Payer() = default;
    // Empty: it may go; else why not.
    virtual Task<std::optional<std::string>> before() = 0;
    virtual Task<> after(Worked worked, std::optional<Usage> usage) = 0;
    // Just before the first byte.
    [[nodiscard]] virtual bool may_send() const = 0;
};

class Endpoint {
public:
    // Throws Error (config) where the provider is not known.
    Endpoint(EndpointParts parts, EndpointOptions options);

    // payer: outlives the call. Throws what it throws, and what cancellation throws. No sentence has the key, whatever the server says.
    Task<Outcome> ask(Question question, Payer& payer);

    // Is it there, and does it take our credentials? Costs nothing: it asks for the list of models.
    Task<Examined> examine();

    // Would a question be sent at all? If not, why.
    [[nodiscard]] bool may_be_asked() const { return !breaker_.is_open(parts_.clock.now()); }
    [[nodiscard]] std::string const& why_not() const { return breaker_.why(); }

private:
    struct Asking;
    Task<bool> attempt(Asking& asking);
    Task<bool> send(Asking& asking);
    Task<bool> take_error(Asking& asking, net::HttpError const& error);
    Task<bool> take_answer(Asking& asking, net::ClientResponse const& response);
    bool take_limit(Asking& asking, std::optional<std::chrono::milliseconds> told);
    bool take_refusal(Asking& asking, Judged const& judged);
    void tell_of_refusal(std::string const& why);
    Task<bool> try_again(Asking& asking);
    Task<bool> pause(Asking& asking, std::chrono::milliseconds pause);
    net::ClientRequest request_of(Asking const& asking) const;
    [[nodiscard]] Judged judged_without_key(net::ClientResponse response) const;

    EndpointParts const parts_;
    EndpointOptions const options_;
    Protocol const* protocol_;
    Turns turns_;
    Shape shape_;  // the last one that was answered
    Breaker breaker_;
    BootTime::time_point limited_until_{};
};

}  // namespace groomer::model
