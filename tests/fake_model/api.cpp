#include "fake_model/api.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"
#include "fake_model/spoil.hpp"

#include <exception>
#include <optional>

namespace groomer::fake_model {
namespace {

bool asks_for_models(Request const& request) { return request.method == "GET" && request.path().ends_with("/models"); }

std::optional<Refusal> bad_route(Protocol protocol, Request const& request) {
    auto const path = request.path();
    auto const what = request.method + " " + std::string{path};
    if (protocol == Protocol::openai) {
        if (!path.ends_with("/chat/completions")) return Refusal{404, "invalid_request_error", "Invalid URL (" + what + ")"};
        if (request.method != "POST") return Refusal{405, "invalid_request_error", "Not allowed to " + what + "."};
    } else if (request.method != "POST") {
        return Refusal{405, "invalid_request_error", "Method Not Allowed"};
    }
    return std::nullopt;
}

std::optional<Refusal> bad_key(State const& state, Protocol protocol, Request const& request) {
    if (!state.asks_key) return std::nullopt;
    constexpr std::string_view bearer = "Bearer ";
    auto key = request.header(protocol == Protocol::openai ? "authorization" : "x-api-key");
    bool const sound = protocol == Protocol::anthropic || key.starts_with(bearer);
    if (sound && protocol == Protocol::openai) key.remove_prefix(bearer.size());
    if (sound && state.keys.contains(std::string{key})) return std::nullopt;
    if (protocol == Protocol::anthropic)
        return Refusal{401, "authentication_error", key.empty() ? "x-api-key header is required" : "invalid x-api-key"};
    if (!sound) return Refusal{401, "invalid_request_error", "You didn't provide an API key."};
    return Refusal{401, "invalid_request_error", "Incorrect API key provided.", "", "invalid_api_key"};
}

std::optional<Refusal> unknown_model(State const& state, Question const& question) {
    if (state.models.empty() || state.models.contains(question.model)) return std::nullopt;
    if (question.protocol == Protocol::anthropic) return Refusal{404, "not_found_error", "model: " + question.model};
    return Refusal{404, "invalid_request_error", "The model `" + question.model + "` does not exist or you do not have access to it.", "",
                   "model_not_found"};
}

// Who asks without a schema has written one into the prompt, or has asked before, higher up the ladder.
void learn_schema(State& state, Question& question) {
    if (question.schema.empty()) question.schema = find_schema(question.system);
    if (question.schema.empty()) question.schema = state.last_schema;
    else state.last_schema = question.schema;
}

Reply reply_of(State& state, Question const& question, FaultKind fault) {
    Reply reply;
    reply.content = state.mind(question);
    if (question.max_tokens && tokens_of(reply.content->size()) > question.max_tokens) {
        reply.content = std::string{truncate_utf8(*reply.content, question.max_tokens * 4)};
        reply.finish = "length";
    }
    reply.completion_tokens = tokens_of(reply.content->size());
    spoil(reply, question, fault);
    return reply;
}

void describe(Entry& entry, Question const& question) {
    entry.rung = name_of(question.rung);
    entry.model = question.model;
    entry.prompt_tokens = tokens_of(question.prompt_bytes);
    entry.user_sha256 = sha256_hex(question.user);
    entry.system = question.system;
    entry.user = question.user;
}

Outcome answered(State& state, Question& question, Entry& entry, Time now, std::string const& id) {
    Outcome outcome;
    learn_schema(state, question);
    if (auto const fault = state.faults.next(question)) {
        outcome.fault = *fault;
        entry.fault = name_of(fault->kind);
    }
    outcome.delay = state.delay + outcome.fault.delay;
    if (auto error = error_of(question, outcome.fault, now, id)) {
        outcome.response = std::move(*error);
        return outcome;
    }
    auto const reply = reply_of(state, question, outcome.fault.kind);
    entry.completion_tokens = reply.completion_tokens;
    entry.answer = reply.content.value_or(reply.refusal);
    outcome.response = answer_of(question, reply, outcome.fault.kind, now, id);
    return outcome;
}

Outcome judged(State& state, Protocol protocol, Request const& request, Entry& entry, Time now, std::string const& id) {
    auto const refused = [&](Refusal const& refusal) { return Outcome{error_of(protocol, refusal, id), {}, state.delay}; };
    bool const lists = asks_for_models(request);
    if (auto const refusal = lists ? std::nullopt : bad_route(protocol, request)) return refused(*refusal);
    if (auto const refusal = bad_key(state, protocol, request)) return refused(*refusal);
    entry.key_ok = true;
    if (lists) return Outcome{list_of(state.models), {}, state.delay};
    auto read = read_question(protocol, request);
    if (auto const* refusal = std::get_if<Refusal>(&read)) return refused(*refusal);
    auto& question = std::get<Question>(read);
    describe(entry, question);
    if (auto const refusal = unknown_model(state, question)) return refused(*refusal);
    return answered(state, question, entry, now, id);
}

}  // namespace

Outcome outcome_of(State& state, Request const& request, Time now, std::string const& id) {
    bool const anthropic = request.path().ends_with("/messages") || (asks_for_models(request) && !request.header("x-api-key").empty());
    auto const protocol = anthropic ? Protocol::anthropic : Protocol::openai;
    Entry entry;
    entry.time = format_time(now);
    entry.protocol = name_of(protocol);
    entry.bytes = request.body.size();
    Outcome outcome;
    try {
        outcome = judged(state, protocol, request, entry, now, id);
    } catch (std::exception const& error) {  // whoever runs the test should read what
        outcome.response = error_of(protocol, {500, "server_error", std::string{"the fake itself failed: "} + error.what()}, id);
    }
    auto const kind = outcome.fault.kind;
    bool const unanswered = kind == FaultKind::close_before || kind == FaultKind::silent || kind == FaultKind::garbage;
    entry.status = unanswered ? 0 : outcome.response.status;
    state.log.add(std::move(entry));
    return outcome;
}

}  // namespace groomer::fake_model
