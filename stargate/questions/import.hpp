// `import`: a layout written for Megatron-LM, torchtitan or NeMo, as a command of this program.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

struct ImportQuestion {
  std::string file, model, system;  ///< path; ids, where the file does not name them
  std::string function;             ///< of a Python file with several recipes
  std::int64_t gpus = 0;            ///< where the file does not say; 0: it does

  static const QuestionTable<ImportQuestion>& table();
};
Result<Answer> answer_import(const ImportQuestion& question, const QuestionContext& context);
Question import_question();

}  // namespace stargate
