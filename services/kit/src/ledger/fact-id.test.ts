import { factId } from './fact-id';

it('is the same for the same fact, for ever', () => {
  expect(factId('route', 'lucas', 'r-1')).toBe('309ABCB2D6F1CD6684442C141F02C114');
});

it('is another for another fact, wherever its parts begin and end', () => {
  const facts = [['a', 'bc'], ['ab', 'c'], ['abc'], ['a', 'b', 'c'], ['a', 'bc', ''], ['A', 'bc']];
  expect(new Set(facts.map((parts) => factId(...parts))).size).toBe(facts.length);
});
