// Chooses the browser's time zone in selects that ask for a guess; without it they show the newsletter's.
"use strict";
(function () {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || !zone.includes("/")) return;
  document.querySelectorAll("select[data-guess]").forEach((select) => {
    const known = Array.from(select.options).some((option) => option.value === zone);
    if (!known) {
      const city = zone.slice(zone.lastIndexOf("/") + 1).replaceAll("_", " ");
      select.add(new Option(city, zone));
    }
    select.value = zone;
  });
})();
