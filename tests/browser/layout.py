"""Questions to a page's layout, as JavaScript for `page.evaluate`; each answers with a list of what is wrong."""

CLIPPED = """() => [...document.body.querySelectorAll('*')].filter(element => {
    const style = getComputedStyle(element);
    const hasText = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    return hasText && style.display !== 'inline' && style.visibility === 'visible' && element.offsetParent !== null
        && !element.closest('.vh, .unstarted') && !element.matches('.heat tbody td')
        && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 6)
}).map(element => `${element.tagName}.${element.className}#${element.id}: ${element.textContent.slice(0, 40)}`)"""
"""Text that is wider or higher than its box. Squares of a heat table hide their numbers on purpose."""

OUTSIDE = """() => [...document.body.querySelectorAll('*')].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width && !element.closest('.scroller, .vh, .skip') && (box.right > innerWidth + 1 || box.left < -1)
}).map(element => `${element.tagName}.${element.className}#${element.id}`)"""
"""Boxes that stick out of the window sideways."""

OVERLAPPING = """() => {
    const parents = `.masthead, .freshness, .buttons, .tiles, .tiles > div, .ranking, .ranking > li, .plain,
        .plain > li, .columns, .halves, .facts, .entry, main, #numbers, footer, .amount`;
    const isOver = (a, b) =>
        a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    const found = [];
    for (const parent of document.querySelectorAll(parents)) {
        const boxes = [...parent.children].filter(child => !child.matches('.vh'))
            .map(child => [child.textContent.slice(0, 30), child.getBoundingClientRect()])
            .filter(([, box]) => box.width && box.height);
        boxes.forEach(([one, a], at) => boxes.slice(at + 1).forEach(([other, b]) => {
            if (isOver(a, b)) found.push(`${parent.className || parent.id}: ${one} / ${other}`);
        }));
    }
    return found;
}"""
"""Neighbours that lie on each other."""
