// A backlog that a language model judges: that of grooming.hpp, and a model's server of the tests' own.
#pragma once

#include "fake_model/server.hpp"
#include "integration/grooming.hpp"
#include "model/judgement.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace groomer::test {

using fake_model::Server;
using fake_model::State;

inline std::string const ready = R"({"actionability":"ready","confidence":0.97,"work_type":"bug"})";

// An answer for the default families, with what a test wants otherwise.
inline std::string answer(std::string const& type, std::string const& priority, double confidence, std::string const& verdict = ready,
                          std::string const& gaps = "[]", std::string const& duplicate = "null") {
    auto const decision = [&](std::string const& value) {
        return R"({"value":)" + (value.empty() ? "null" : "\"" + value + "\"") + R"(,"confidence":)" + std::to_string(confidence) +
               R"(,"reason":"It says so."})";
    };
    return R"({"verdict":)" + verdict + R"(,"decisions":{"type":)" + decision(type) + R"(,"priority":)" + decision(priority) +
           R"(},"summary":"It breaks.","rationale":"The report is clear.","gaps":)" + gaps + R"(,"duplicate_of":)" + duplicate +
           R"(,"related":[]})";
}

class Asking : public Grooming {
protected:
    void SetUp() override {
        Grooming::SetUp();
        if (IsSkipped()) return;
        issues.clear();
        environment = {{"GROOMER_MODEL_API_KEY", "sk-the-secret"}};
        model_server.with_state([](State& state) {
            state.keys.insert("sk-the-secret");
            state.log.keep_text = true;
            state.mind = [](fake_model::Question const&) { return answer("type/bug", "priority/p2", 0.95); };
        });
    }
    void ask(std::string const& more = "", std::string const& provider = "openai", std::string const& policy = "mode: apply") {
        write();
        start(policy, "model: {provider: " + provider + ", name: m-1, base_url: \"" + model_server.url() + "/v1\"" + more + "}\n");
        sync();
    }
    void mind(fake_model::Mind mind) {
        model_server.with_state([&](State& state) { state.mind = std::move(mind); });
    }
    void fault(std::string const& rule) {
        model_server.with_state([&](State& state) { state.faults.add(rule); });
    }
    std::vector<fake_model::Entry> asked() {
        return model_server.with_state([](State& state) { return state.log.entries(); });
    }
    model::Judgement judgement(std::int64_t number) {
        return model::parse_judgement(
                   value("SELECT judgement::text FROM groomer.run r JOIN groomer.issue i ON i.id = r.issue_id WHERE i.number = " +
                         std::to_string(number) + " ORDER BY r.id DESC LIMIT 1"))
            .value_or(model::Judgement{});
    }
    void make_due(std::int64_t number) {
        database->query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE number = " + std::to_string(number));
    }

    Server model_server;
};

}  // namespace groomer::test
