#include "groom/interview.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"
#include "groom/revision.hpp"
#include "groom/verdict.hpp"

#include <algorithm>

namespace groomer::groom {
namespace {

using model::Flaw;
using model::Payer;

constexpr std::int64_t most_output = 2048;  // tokens

// The most that a request can cost: no token is less than a byte, and the service adds some of its own.
store::ModelCall most_of(config::Model const& model, Subject const& subject, model::Question const& question) {
    constexpr std::size_t of_the_service = 1024;
    std::size_t bytes = question.system.size() + question.schema.size() + of_the_service;
    for (auto const& turn : question.turns) bytes += turn.text.size();
    store::ModelCall call;
    call.issue = subject.id;
    call.revision = subject.revision;
    call.version = subject.version;
    call.provider = model.provider;
    call.model = model.name;
    call.input_tokens = static_cast<std::int64_t>(bytes);
    call.output_tokens = question.most_output;
    call.usd = price(model, call.input_tokens, call.output_tokens);
    call.again = subject.again;
    return call;
}

// Pays for the requests of one question, from the budget. An answer stays unsettled until it was read: what is kept of it is stored with
// what it cost.
class Purse final : public Payer {
public:
    Purse(InterviewParts const& parts, config::Model const& model, store::ModelCall most)
        : parts_{parts}, model_{model}, most_{std::move(most)} {}

    Task<std::optional<std::string>> before() override {
        if (parts_.hold.winding_down()) co_return "the tick is winding down";
        auto reserving = parts_.budget.reserve(parts_.hold, model_, most_);
        auto answer = co_await std::move(reserving);
        if (!answer.room) co_return std::move(answer.why);
        if (parts_.hold.winding_down()) {  // room may have had to be waited for
            auto dropping = parts_.budget.drop(parts_.hold, std::move(*answer.room));
            co_await std::move(dropping);
            co_return "the tick is winding down";
        }
        room_.emplace(std::move(*answer.room));
        co_return std::nullopt;
    }

    Task<> after(Worked worked, std::optional<model::Usage> usage) override {
        used_ = usage.value_or(model::Usage{most_.input_tokens, most_.output_tokens});
        if (worked == Worked::yes) co_return;
        if (worked == Worked::perhaps) {
            auto settling = settle({});
            co_await std::move(settling);
        } else {
            auto room = std::move(*room_);
            room_.reset();
            auto dropping = parts_.budget.drop(parts_.hold, std::move(room));
            co_await std::move(dropping);
        }
    }

    [[nodiscard]] bool may_send() const override { return parts_.hold.may_act(); }

    // The answer that came, read. `end` says what was wrong with it, and what is kept.
    Task<> settle(store::CallEnd end) {
        end.input_tokens = used_.input;
        end.output_tokens = used_.output;
        end.usd = price(model_, used_.input, used_.output);
        auto const& metrics = parts_.metrics;
        metrics.model_tokens_total(model_.provider, model_.name, "input").increment(static_cast<double>(end.input_tokens));
        metrics.model_tokens_total(model_.provider, model_.name, "output").increment(static_cast<double>(end.output_tokens));
        metrics.model_cost_usd_total(model_.provider, model_.name).increment(end.usd);
        auto room = std::move(*room_);
        room_.reset();
        auto settling = parts_.budget.settle(parts_.hold, model_, std::move(room), most_, std::move(end));
        co_await std::move(settling);
    }

private:
    InterviewParts const& parts_;
    config::Model const& model_;
    store::ModelCall const most_;
    model::Usage used_;
    std::optional<Budget::Room> room_;
};

std::vector<std::int64_t> numbers_of(std::vector<model::ShownIssue> const& issues) {
    std::vector<std::int64_t> out;
    for (auto const& issue : issues) out.push_back(issue.number);
    return out;
}

// Where an answer is to be repaired, none that it was not offered: what was wrong with it is told by those.
std::vector<std::int64_t> offered(Subject const& subject) {
    auto numbers = numbers_of(subject.candidates);
    if (subject.begun)
        std::erase_if(numbers, [&known = subject.begun->candidates](std::int64_t number) {
            return std::find(known.begin(), known.end(), number) == known.end();
        });
    return numbers;
}

model::ContextInput shown(Subject const& subject) {
    auto const& issue = subject.issue;
    model::ContextInput input;
    input.repo = issue.ref.repo;
    input.issue = {issue.ref.number, issue.open, title_of_people(issue), issue.body, issue.labels};
    input.reporter = issue.author;
    for (auto const& comment : issue.comments)
        if (comment.actor != tracker::Actor::self)
            input.comments.push_back({comment.author, comment.actor == tracker::Actor::bot, comment.author == issue.author, comment.body});
    for (auto const& pull : issue.merged) input.merged.push_back({pull.number, pull.title});
    input.candidates = subject.candidates;
    input.examples = subject.examples;
    return input;
}

struct Read {
    model::Parsed parsed;
    std::string text;  // that was parsed
};

// The object alone, where there is prose around it.
Read read(model::Reply const& reply, model::Asked const& asked) {
    if (reply.flaw != Flaw::none) return {};
    Read whole{model::parse_answer(reply.text, asked), reply.text};
    if (whole.parsed.answer) return whole;
    auto const object = model::first_json_object(reply.text);
    if (!object || object->size() == reply.text.size()) return whole;
    return {model::parse_answer(*object, asked), std::string{*object}};
}

std::string reason_of(model::Reply const& reply, model::Parsed const& parsed) {
    if (reply.flaw != Flaw::none) return std::string{name(reply.flaw)};
    return parsed.faults.empty() ? "shape" : parsed.faults.front().reason;
}

Repair repair_of(model::Reply const& reply, model::Parsed const& parsed) {
    constexpr std::size_t longest = 8UL * 1024;
    if (reply.flaw != Flaw::none) return {{}, {}, reply.flaw == Flaw::cut_short};  // nothing to point at
    return {std::string{truncate_utf8(clean_text(reply.text), longest)}, model::repair_request(parsed.faults)};
}

// The same question, with what was wrong; one that was cut short has more room the second time.
void ask_for_repair(model::Question& question, Repair const& repair) {
    if (repair.cut_short) question.most_output *= 2;
    if (repair.request.empty()) return;
    question.turns.push_back({false, repair.said});
    question.turns.push_back({true, repair.request});
}

bool may_be_repaired(Flaw flaw) { return flaw != Flaw::refused && flaw != Flaw::filtered; }

}  // namespace

Task<Interview> interview(InterviewParts const& parts, config::Repository const& settings, Subject const& subject) {
    auto asked = asked_of(settings.policy, offered(subject));
    auto const context = model::make_context(shown(subject), asked, settings.model.context_limit, make_uuid());
    asked.candidates = context.candidates;  // those that found room
    model::Question question{context.system, {{true, context.user}}, model::answer_schema(asked), most_output};
    Interview out;
    KeptAnswer said{{},
                    asked.candidates,
                    settings.model.provider + "/" + settings.model.name,
                    context.digest,
                    {context.bytes, context.tokens, context.cut},
                    {}};
    bool const begun = subject.begun && subject.begun->repair;
    if (begun) ask_for_repair(question, *subject.begun->repair);
    for (bool second = begun;; second = true) {
        Purse purse{parts, settings.model, most_of(settings.model, subject, question)};
        auto asking = parts.endpoint.ask(question, purse);
        auto const outcome = co_await std::move(asking);
        if (!outcome.reply) {
            if (!parts.hold.may_act()) throw store::HoldLost{};
            out.why = outcome.why;
            co_return std::move(out);  // a first answer is kept, with what is to be repaired in it
        }
        auto const& reply = *outcome.reply;
        auto const [parsed, text] = read(reply, asked);
        store::CallEnd end;
        bool const last = parsed.answer || second || !may_be_repaired(reply.flaw);
        end.replaces = second;
        said.repair.reset();
        if (parsed.answer) {
            said.answer = text;
            said.useless.clear();
        } else {
            end.flaw = reason_of(reply, parsed);
            end.answer = reply.text;
            said.useless = parsed.faults.empty() ? "its answer was of no use: " + end.flaw : one_line(parsed.faults.front().what, 200);
            parts.metrics.model_invalid_responses_total(settings.model.provider, settings.model.name, end.flaw).increment();
        }
        if (!last) said.repair = repair_of(reply, parsed);
        // Who asks again keeps what there was until there is something better.
        if (last || !subject.again) end.decision = to_json(said);
        auto settling = purse.settle(std::move(end));
        co_await std::move(settling);
        if (last) break;
        ask_for_repair(question, *said.repair);
    }
    out.said = std::move(said);
    co_return std::move(out);
}

}  // namespace groomer::groom
