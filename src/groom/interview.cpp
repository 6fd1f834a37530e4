#include "groom/interview.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"
#include "groom/verdict.hpp"

#include <algorithm>

namespace groomer::groom {
namespace {

using model::Flaw;
using model::Payer;

constexpr std::int64_t most_output = 2048;  // tokens

// Pays for the requests of one question, from the budget.
class Purse final : public Payer {
public:
    Purse(InterviewParts const& parts, config::Model const& model, std::int64_t issue, std::size_t bytes)
        : parts_{parts}, model_{model}, most_{issue, model.provider, model.name, static_cast<std::int64_t>(model::count_tokens(bytes)), most_output} {
        most_.usd = price(model_, most_.input_tokens, most_.output_tokens);
    }

    Task<std::optional<std::string>> before() override {
        auto reserving = parts_.budget.reserve(parts_.hold, model_, most_);
        auto answer = co_await std::move(reserving);
        if (!answer.room) co_return std::move(answer.why);
        room_.emplace(std::move(*answer.room));
        co_return std::nullopt;
    }

    // An answer waits for its reading: it is stored with what was wrong with it.
    Task<> after(Worked worked, std::optional<model::Usage> usage) override {
        if (worked == Worked::yes && usage) used_ = *usage;
        else if (worked == Worked::no) used_ = {};
        else used_ = {most_.input_tokens, most_.output_tokens};
        if (worked == Worked::yes) co_return;
        auto settling = settle({}, {});
        co_await std::move(settling);
    }

    [[nodiscard]] bool may_send() const override { return parts_.hold.may_act(); }

    // flaw, answer: of one that cannot be used.
    Task<> settle(std::string flaw, std::string answer) {
        if (!room_) co_return;
        store::CallEnd end{used_.input, used_.output, price(model_, used_.input, used_.output), std::move(flaw), std::move(answer)};
        auto const& metrics = parts_.metrics;
        metrics.model_tokens_total(model_.provider, model_.name, "input").increment(static_cast<double>(end.input_tokens));
        metrics.model_tokens_total(model_.provider, model_.name, "output").increment(static_cast<double>(end.output_tokens));
        metrics.model_cost_usd_total(model_.provider, model_.name).increment(end.usd);
        auto room = std::move(*room_);
        room_.reset();
        auto settling = parts_.budget.settle(parts_.hold, model_, std::move(room), std::move(end));
        co_await std::move(settling);
    }

private:
    InterviewParts const& parts_;
    config::Model const& model_;
    store::ModelCall most_;
    model::Usage used_;
    std::optional<Budget::Room> room_;
};

model::ContextInput shown(Subject const& subject) {
    auto const& issue = subject.issue;
    model::ContextInput input;
    input.repo = issue.ref.repo;
    input.issue = {issue.ref.number, issue.open, issue.title, issue.body, issue.labels};
    input.reporter = issue.author;
    for (auto const& comment : issue.comments)
        if (comment.actor != tracker::Actor::self)
            input.comments.push_back(
                {comment.author, comment.actor == tracker::Actor::bot, comment.author == issue.author, comment.body});
    input.candidates = subject.candidates;
    input.examples = subject.examples;
    return input;
}

// The object alone, where there is prose around it.
model::Parsed read(model::Reply const& reply, model::Asked const& asked) {
    auto parsed = model::parse_answer(reply.text, asked);
    if (parsed.answer) return parsed;
    auto const object = model::first_json_object(reply.text);
    return object && object->size() < reply.text.size() ? model::parse_answer(*object, asked) : parsed;
}

std::string reason_of(model::Reply const& reply, model::Parsed const& parsed) {
    if (reply.flaw != Flaw::none) return std::string{name(reply.flaw)};
    return parsed.faults.empty() ? "shape" : parsed.faults.front().reason;
}

// The same question, with what was wrong.
void ask_for_repair(model::Question& question, model::Reply const& reply, model::Parsed const& parsed) {
    constexpr std::size_t longest = 8UL * 1024;
    if (reply.flaw != Flaw::none) return;  // nothing to point at: asked again as it was
    question.turns.push_back({false, std::string{truncate_utf8(clean_text(reply.text), longest)}});
    question.turns.push_back({true, model::repair_request(parsed.faults)});
}

std::size_t size_of(model::Question const& question) {
    std::size_t bytes = question.system.size() + question.schema.size();
    for (auto const& turn : question.turns) bytes += turn.text.size();
    return bytes;
}

}  // namespace

Task<Interview> interview(InterviewParts const& parts, config::Repository const& settings, Subject const& subject) {
    std::vector<std::int64_t> numbers;
    for (auto const& candidate : subject.candidates) numbers.push_back(candidate.number);
    auto const asked = asked_of(settings.policy, std::move(numbers));
    auto const context = model::make_context(shown(subject), asked, settings.model.context_limit, make_uuid());
    model::Question question{context.system, {{true, context.user}}, model::answer_schema(asked), most_output};
    Interview out;
    out.context = context.digest;
    for (int turn = 0; turn < 2; ++turn) {
        Purse purse{parts, settings.model, subject.id, size_of(question)};
        auto asking = parts.endpoint.ask(question, purse);
        auto const outcome = co_await std::move(asking);
        if (!outcome.reply) {
            out.why = outcome.why;
            co_return std::move(out);
        }
        auto const& reply = *outcome.reply;
        auto parsed = reply.flaw == Flaw::none ? read(reply, asked) : model::Parsed{};
        auto const flaw = parsed.answer ? std::string{} : reason_of(reply, parsed);
        auto settling = purse.settle(flaw, parsed.answer ? std::string{} : reply.text);
        co_await std::move(settling);
        if (parsed.answer) {
            out.answer = std::move(parsed.answer);
            co_return std::move(out);
        }
        parts.metrics.model_invalid_responses_total(settings.model.provider, settings.model.name, flaw).increment();
        out.why = parsed.faults.empty() ? "its answer was of no use: " + flaw : one_line(parsed.faults.front().what, 200);
        if (reply.flaw == Flaw::refused || reply.flaw == Flaw::filtered) co_return std::move(out);
        ask_for_repair(question, reply, parsed);
    }
    co_return std::move(out);
}

}  // namespace groomer::groom
