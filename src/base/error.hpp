// What goes wrong where no value can say it: one exception type with a code, a sentence and the exit status it maps to.
// Expected outcomes (a lost race, a stale plan) are values of their own functions, never exceptions.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

namespace groomer {

enum class ErrorCode {
    failure = 1,      // something failed while running
    usage = 2,        // the command line is wrong
    config = 3,       // the configuration is wrong
    database = 4,     // the database is unreachable, read-only, or has the wrong schema
    credentials = 5,  // refused upstream
    held = 75,        // the lock is held by another (`once`)
};

class Error : public std::runtime_error {
public:
    // sentence: what happened, where, and what to do; one line.
    Error(ErrorCode code, std::string const& sentence) : std::runtime_error{sentence}, code_{code} {}
    [[nodiscard]] ErrorCode code() const { return code_; }
    [[nodiscard]] int exit_status() const { return static_cast<int>(code_); }

private:
    ErrorCode code_;
};

// What an exception says, in one line (line breaks become "; ").
std::string describe(std::exception_ptr error);

}  // namespace groomer
