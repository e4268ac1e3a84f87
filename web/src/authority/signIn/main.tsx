import "../kit/styles";
import "./signIn.css";
import { computed } from "@preact/signals";
import { showPage } from "../kit";
import { SignInPage, words } from "./SignInPage";

showPage(
  computed(() => words.value.title),
  SignInPage,
);
