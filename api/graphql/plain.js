"use strict";

const byId = (id) => document.getElementById(id);

async function ask() {
  const answer = byId("answer");
  answer.textContent = "...";
  try {
    const variables = byId("variables").value.trim();
    const headers = { "Content-Type": "application/json" };
    const token = byId("token").value;
    if (token) headers.Authorization = "Bearer " + token;
    const body = { query: byId("query").value, variables: variables ? JSON.parse(variables) : null };
    const response = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(body) });
    answer.textContent = JSON.stringify(JSON.parse(await response.text()), null, 2);
  } catch (error) {
    answer.textContent = String(error);
  }
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    ask();
  }
});
