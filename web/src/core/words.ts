// The words of the screen lie in src/words, a file for each subject.
export { words, type Word } from "../words";
