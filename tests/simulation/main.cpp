// groomer's lock and loop in simulated worlds. README.md beside this file tells what is simulated and judged.
#include "simulation/mutants.hpp"
#include "simulation/runs.hpp"

#include <charconv>
#include <cstdio>
#include <string_view>

namespace {

using namespace groomer::simulation;

constexpr char const* usage =
    "usage: simulation [--seeds N] [--first S] [--jobs J] [--family F] [--mutant M]   worlds of N seeds\n"
    "       simulation --seed S [--family F] [--mutant M]                             one of them, with its story\n"
    "       simulation --mutants [--jobs J]                                           every mutant must be found\n"
    "       simulation --mirror [--seeds N] [--first S]                               the database in memory against PostgreSQL\n";

template <class Number>
bool read(std::string_view text, Number& number) {
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

bool read_family(std::string_view text, std::optional<Family>& family) {
    for (auto const candidate : families)
        if (name(candidate) == text) family = candidate;
    return family.has_value();
}

bool read_mutant(std::string_view text, std::string& mutant) {
    for (auto const& candidate : mutants())
        if (candidate.name == text) mutant = text;
    return !mutant.empty();
}

bool read_option(std::string_view key, std::string_view value, Options& options) {
    if (key == "--seeds") return read(value, options.seeds.emplace());
    if (key == "--first") return read(value, options.first);
    if (key == "--jobs") return read(value, options.jobs) && options.jobs >= 1 && options.jobs <= 64;
    if (key == "--seed") return read(value, options.seed.emplace());
    if (key == "--family") return read_family(value, options.family);
    if (key == "--mutant") return read_mutant(value, options.mutant);
    return false;
}

std::optional<Options> read_options(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; ++i) {
        std::string_view const key = arguments[i];
        if (key == "--mutants") options.mutants = true;
        else if (key == "--mirror") options.mirror = true;
        else if (i + 1 == count || !read_option(key, arguments[++i], options)) return std::nullopt;
    }
    return options;
}

}  // namespace

int main(int count, char** arguments) {
    auto const options = read_options(count, arguments);
    if (!options) {
        std::fputs(usage, stderr);
        return 2;
    }
    bool const good = options->mutants  ? run_mutants(*options)
                      : options->mirror ? run_mirror(*options)
                      : options->seed   ? run_one(*options)
                                        : run_seeds(*options);
    return good ? 0 : 1;
}
