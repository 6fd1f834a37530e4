#include "base/error.hpp"

#include <gtest/gtest.h>

namespace groomer {
namespace {

std::string said(std::string const& what) { return describe(std::make_exception_ptr(std::runtime_error{what})); }

TEST(Error, CarriesTheExitStatusOfItsCode) {
    EXPECT_EQ((Error{ErrorCode::failure, ""}.exit_status()), 1);
    EXPECT_EQ((Error{ErrorCode::usage, ""}.exit_status()), 2);
    EXPECT_EQ((Error{ErrorCode::config, ""}.exit_status()), 3);
    EXPECT_EQ((Error{ErrorCode::database, ""}.exit_status()), 4);
    EXPECT_EQ((Error{ErrorCode::credentials, ""}.exit_status()), 5);
    EXPECT_EQ((Error{ErrorCode::held, ""}.exit_status()), 75);
    EXPECT_STREQ((Error{ErrorCode::config, "the file is empty"}.what()), "the file is empty");
}

TEST(Describe, SaysWhatTheExceptionSays) {
    EXPECT_EQ(said("no such file"), "no such file");
    EXPECT_EQ(describe(std::make_exception_ptr(Error{ErrorCode::held, "held by another"})), "held by another");
}

TEST(Describe, MakesOneLineOfMany) {
    EXPECT_EQ(said("ERROR:  no\nDETAIL:  because\n"), "ERROR:  no; DETAIL:  because");
    EXPECT_EQ(said("a\n\n\nb"), "a; b");
    EXPECT_EQ(said("\n\na"), "a");
    EXPECT_EQ(said("\n"), "");
}

TEST(Describe, MakesOneLineOfWhatAnotherSystemBroke) { EXPECT_EQ(said("a\r\nb\r\n"), "a; b"); }

TEST(Describe, HasAWordForWhatIsNoException) {
    EXPECT_EQ(describe(std::make_exception_ptr(7)), "unknown error");
    EXPECT_EQ(describe(nullptr), "unknown error");
}

}  // namespace
}  // namespace groomer
