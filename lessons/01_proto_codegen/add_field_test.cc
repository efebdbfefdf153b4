#include "add_field.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/message_differencer.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "message_version.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

namespace pb = ::google::protobuf;
using ::google::protobuf::util::MessageDifferencer;

constexpr auto kInt32 = pb::FieldDescriptorProto::TYPE_INT32;
constexpr auto kString = pb::FieldDescriptorProto::TYPE_STRING;

// A message type of which `body`, a DescriptorProto in text format, says what
// is in it.
class Type {
 public:
  explicit Type(const std::string& body) {
    pb::FileDescriptorProto file;
    EXPECT_TRUE(pb::TextFormat::ParseFromString(
        absl::StrCat("name: 'test.proto' syntax: 'proto3' package: 'test' "
                     "message_type { name: 'Film' ",
                     body, "}"),
        &file));
    const pb::FileDescriptor* built = pool_.BuildFile(file);
    EXPECT_NE(built, nullptr);
    if (built != nullptr) message_ = built->message_type(0);
  }

  const pb::Descriptor& operator*() const { return *message_; }

 private:
  pb::DescriptorPool pool_;
  const pb::Descriptor* message_ = nullptr;
};

// A field of Type's `body`.
std::string Field(const std::string& name, int number) {
  return absl::StrCat("field { name: '", name, "' number: ", number,
                      " type: TYPE_INT32 label: LABEL_OPTIONAL } ");
}

// Numbers that Type's `body` reserves, `end` not among them.
std::string Reserved(int start, int end) {
  return absl::StrCat("reserved_range { start: ", start, " end: ", end, " } ");
}

// The number that a field added to `message` gets; 0, with a failure, if none.
int NewNumber(const pb::Descriptor& message) {
  absl::StatusOr<pb::DescriptorProto> next = AddField(message, "added", kInt32);
  EXPECT_TRUE(next.ok()) << "AddField returned " << next.status();
  if (!next.ok() || next->field_size() != message.field_count() + 1) return 0;
  return next->field(message.field_count()).number();
}

TEST(AddFieldTest, GivesTheNextNumber) {
  absl::StatusOr<pb::DescriptorProto> next =
      AddField(*v1::Movie::descriptor(), "release_year", kInt32);
  ASSERT_TRUE(next.ok())
      << "AddField returned " << next.status()
      << ". A generated class carries its descriptor: field(i) for each of its "
         "field_count() fields, each with a name() and a number().";
  ASSERT_EQ(next->field_size(), 5);
  EXPECT_EQ(next->field(4).number(), 5)
      << "Movie has fields 1 to 4, so the next one is 5.";
}

TEST(AddFieldTest, ChangesNothingElse) {
  absl::StatusOr<pb::DescriptorProto> next =
      AddField(*v1::Movie::descriptor(), "release_year", kInt32);
  ASSERT_TRUE(next.ok()) << next.status();
  ASSERT_EQ(next->field_size(), 5);
  EXPECT_EQ(next->field(4).name(), "release_year");
  EXPECT_EQ(next->field(4).type(), kInt32);
  next->mutable_field()->RemoveLast();
  pb::DescriptorProto before;
  v1::Movie::descriptor()->CopyTo(&before);
  EXPECT_TRUE(MessageDifferencer::Equals(*next, before))
      << "Apart from the new field this should be Movie as it was, but it is "
      << next->ShortDebugString();
}

TEST(AddFieldTest, TheFirstFieldOfAMessageIsOne) {
  Type empty("");
  EXPECT_EQ(NewNumber(*empty), 1) << "0 is no field number.";
}

TEST(AddFieldTest, CountsFromTheHighestNumberNotTheNumberOfFields) {
  Type type(Field("a", 1) + Field("b", 7));
  EXPECT_EQ(NewNumber(*type), 8)
      << "The message has two fields, 1 and 7. Numbers 2 to 6 may have been "
         "used by fields that were deleted, and their bytes may still be in "
         "somebody's files.";
}

TEST(AddFieldTest, LooksAtNumbersNotAtTheOrderOfDeclaration) {
  Type type(Field("a", 9) + Field("b", 2));
  EXPECT_EQ(NewNumber(*type), 10)
      << "Field 9 is declared before field 2, so the last is not the highest.";
}

TEST(AddFieldTest, SkipsReservedNumbers) {
  Type type(Field("a", 1) + Reserved(2, 4));
  EXPECT_EQ(NewNumber(*type), 4)
      << "The message reserves 2 and 3: fields of these numbers were deleted. "
         "If 2 came to mean something else, old bytes would be misread. (In a "
         "descriptor the end of a reserved range is the first number after "
         "it.)";
}

TEST(AddFieldTest, SkipsReservedRangesInWhateverOrder) {
  Type type(Field("a", 1) + Reserved(5, 8) + Reserved(2, 5) +
            Reserved(100, 200));
  EXPECT_EQ(NewNumber(*type), 8)
      << "The message reserves 5 to 7, then 2 to 4, then 100 to 199: behind "
         "one range may be another that is listed before it.";
}

TEST(AddFieldTest, SkipsTheNumbersThatProtobufKeepsToItself) {
  Type type(Field("a", 18999));
  EXPECT_EQ(NewNumber(*type), 20000)
      << "protoc refuses 19000 to 19999 in every message.";
}

TEST(AddFieldTest, SkipsProtobufsNumbersBehindReservedOnes) {
  Type type(Field("a", 1) + Reserved(2, 19500));
  EXPECT_EQ(NewNumber(*type), 20000)
      << "The message reserves 2 to 19499. The first number behind them is one "
         "of those that protobuf keeps to itself, 19000 to 19999.";
}

TEST(AddFieldTest, SkipsReservedNumbersBehindProtobufsOwn) {
  Type type(Field("a", 18999) + Reserved(20000, 20010));
  EXPECT_EQ(NewNumber(*type), 20010)
      << "Protobuf keeps 19000 to 19999 to itself, and the message reserves "
         "20000 to 20009, which follow.";
}

TEST(AddFieldTest, SaysSoWhenNoNumberIsLeft) {
  Type type(Field("a", pb::FieldDescriptor::kMaxNumber));
  EXPECT_EQ(AddField(*type, "added", kInt32).status().code(),
            absl::StatusCode::kResourceExhausted)
      << "Field 536870911 has the largest number that there is.";
  // Whoever counts through this range instead of jumping over it waits for
  // seconds.
  Type reserved(Field("a", 1) +
                Reserved(2, pb::FieldDescriptor::kMaxNumber + 1));
  EXPECT_EQ(AddField(*reserved, "added", kInt32).status().code(),
            absl::StatusCode::kResourceExhausted)
      << "The message reserves everything from 2 on.";
}

TEST(AddFieldTest, RefusesANameThatAFieldHas) {
  EXPECT_EQ(
      AddField(*v1::Movie::descriptor(), "movie_name", kString).status().code(),
      absl::StatusCode::kAlreadyExists)
      << "Movie has a field movie_name.";
}

TEST(AddFieldTest, RefusesANameThatIsReserved) {
  Type type(Field("a", 1) + "reserved_name: 'length'");
  EXPECT_EQ(AddField(*type, "length", kInt32).status().code(),
            absl::StatusCode::kAlreadyExists)
      << "The message reserves the name \"length\" of a field that it had "
         "once. "
         "JSON and text files go by name: old ones would be misread.";
}

TEST(AddFieldTest, RefusesTypesThatNeedANameOfTheirOwn) {
  EXPECT_EQ(AddField(*v1::Movie::descriptor(), "trailer",
                     pb::FieldDescriptorProto::TYPE_MESSAGE)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

// Movie as generated is today's program; Movie with a field `release_year` is
// tomorrow's.
class OldAndNewTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<pb::DescriptorProto> next =
        AddField(*v1::Movie::descriptor(), "release_year", kInt32);
    ASSERT_TRUE(next.ok()) << next.status();
    absl::StatusOr<std::unique_ptr<MessageVersion>> version =
        MessageVersion::Make(*v1::Movie::descriptor(), *next);
    ASSERT_TRUE(version.ok()) << version.status();
    version_ = *std::move(version);
    new_movie_ = version_->New();
    year_ = version_->descriptor().FindFieldByName("release_year");
    ASSERT_NE(year_, nullptr);

    old_movie_.set_mid(5);
    old_movie_.set_movie_name("Nosferatu (1922)");
    old_movie_.set_movie_style("horror");
  }

  int Year(const pb::Message& movie) const {
    return movie.GetReflection()->GetInt32(movie, year_);
  }

  std::unique_ptr<MessageVersion> version_;
  std::unique_ptr<pb::Message> new_movie_;
  const pb::FieldDescriptor* year_ = nullptr;
  v1::Movie old_movie_;
};

TEST_F(OldAndNewTest, TheNewProgramReadsOldBytes) {
  ASSERT_TRUE(new_movie_->ParseFromString(old_movie_.SerializeAsString()));
  EXPECT_EQ(Year(*new_movie_), 0) << "An absent field reads as its default.";
  EXPECT_EQ(new_movie_->SerializeAsString(), old_movie_.SerializeAsString())
      << "The other fields should be as they were.";
}

TEST_F(OldAndNewTest, TheOldProgramReadsNewBytes) {
  ASSERT_TRUE(new_movie_->ParseFromString(old_movie_.SerializeAsString()));
  new_movie_->GetReflection()->SetInt32(new_movie_.get(), year_, 1922);
  v1::Movie read;
  ASSERT_TRUE(read.ParseFromString(new_movie_->SerializeAsString()));
  EXPECT_EQ(read.movie_name(), "Nosferatu (1922)");
  EXPECT_EQ(read.movie_style(), "horror");
  const pb::UnknownFieldSet& unknown =
      read.GetReflection()->GetUnknownFields(read);
  ASSERT_EQ(unknown.field_count(), 1)
      << "To the old program, the new field is one that it does not know.";
  EXPECT_EQ(unknown.field(0).number(), 5);

  ASSERT_TRUE(new_movie_->ParseFromString(read.SerializeAsString()));
  EXPECT_EQ(Year(*new_movie_), 1922)
      << "The old program should hand on what it does not know.";
}

}  // namespace
}  // namespace movies
